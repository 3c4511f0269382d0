// So many calls of the official client at once: node calls.mjs COUNT instant|ours. `instant` answers each by itself, at once,
// so that it is the client alone; `ours` takes them as rows of a run and answers them when their batches have ended.
import { openBatch } from 'llm-batch/fetch'
import OpenAI from 'openai'

const [count, who] = process.argv.slice(2)
const TEXT = 'x'.repeat(800)
const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-6-luna',
  choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
})

const batch = who === 'ours' ? await openBatch({ name: 'calls', idle: '200ms', quiet: true }) : undefined
const instant = async () => new Response(ANSWER, { headers: { 'content-type': 'application/json' } })
const client = new OpenAI({ apiKey: 'sk-bench', fetch: batch?.fetch ?? instant })

const answers = await Promise.all(
  Array.from({ length: Number(count) }, (_, number) =>
    client.chat.completions.create({
      model: 'gpt-6-luna',
      messages: [{ role: 'user', content: `${TEXT} nonce:${number}` }],
    }),
  ),
)
if (answers.some(({ choices }) => typeof choices[0].message.content !== 'string'))
  throw new Error('a call has no answer')
await batch?.close()
