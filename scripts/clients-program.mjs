// The calls of try-clients.mjs: node clients-program.mjs DIST. Prints a line for each client; fails where an answer is wrong.
import { strictEqual } from 'node:assert/strict'
import { pathToFileURL } from 'node:url'

/** What try-clients.mjs has installed beside this program. */
const take = (name) => import(name)
const load = (entry) => import(pathToFileURL(`${process.argv[2]}/${entry}.js`).href)

const { createAnthropic } = await take('@ai-sdk/anthropic')
const { createMistral } = await take('@ai-sdk/mistral')
const { createOpenAI } = await take('@ai-sdk/openai')
const { ChatOpenAI } = await take('@langchain/openai')
const { embedMany, generateText, Output } = await take('ai')
const { z } = await take('zod')
const { openBatch } = await load('fetch')
const { startLocalServer } = await load('testing')

const server = await startLocalServer({ folder: 'server' })
const environment = {
  OPENAI_API_KEY: 'any',
  OPENAI_BASE_URL: server.openaiUrl,
  MISTRAL_API_KEY: 'any',
  MISTRAL_BASE_URL: server.mistralUrl,
  ANTHROPIC_API_KEY: 'any',
  ANTHROPIC_BASE_URL: server.anthropicUrl,
}
const open = (provider) =>
  openBatch({ name: provider, provider, home: 'home', pollInterval: '20ms', idle: '100ms', environment })
const SIMULATED = /^\[simulated\]/
const schema = z.object({ label: z.enum(['good', 'bad']) })
const output = Output.object({ schema })

async function show(client, answer) {
  console.log(`${client}: ${await answer}`)
}

async function text(model, prompt) {
  const { text: answer } = await generateText({ model, prompt })
  strictEqual(SIMULATED.test(answer), true)
  return answer
}

async function label(model, prompt) {
  const { output: answer } = await generateText({ model, prompt, output })
  return schema.parse(answer).label
}

const openaiBatch = await open('openai')
const openai = createOpenAI({ apiKey: 'any', fetch: openaiBatch.fetch })
await show('AI SDK, OpenAI responses', text(openai('gpt-6-luna'), 'Hello. nonce:1'))
await show('AI SDK, OpenAI chat', text(openai.chat('gpt-6-luna'), 'Hello. nonce:2'))
await show('AI SDK, OpenAI with a schema', label(openai('gpt-6-luna'), 'Good or bad? nonce:3'))
const { embeddings } = await embedMany({ model: openai.embedding('text-embedding-3-small'), values: ['a', 'b'] })
await show('AI SDK, OpenAI embeddings', embeddings.length)
const refused = generateText({ model: openai('gpt-6-luna'), prompt: '[[simulate: status=400]] nonce:4' })
await show(
  'AI SDK, a refused call',
  refused.catch(({ statusCode }) => `status ${statusCode}`),
)
const langchain = new ChatOpenAI({ model: 'gpt-6-luna', apiKey: 'any', configuration: { fetch: openaiBatch.fetch } })
const messages = await langchain.batch(['One. nonce:5', 'Two. nonce:6'])
await show('LangChain, two calls at once', messages.map(({ content }) => content).join(' | '))

const mistralBatch = await open('mistral')
const mistral = createMistral({ apiKey: 'any', fetch: mistralBatch.fetch })
await show('AI SDK, Mistral', text(mistral('mistral-small-latest'), 'Hello. nonce:7'))
await show('AI SDK, Mistral with a schema', label(mistral('mistral-small-latest'), 'Good or bad? nonce:8'))

const anthropicBatch = await open('anthropic')
const anthropic = createAnthropic({ apiKey: 'any', fetch: anthropicBatch.fetch })
await show('AI SDK, Anthropic', text(anthropic('claude-haiku-4-5'), 'Hello. nonce:9'))
await show('AI SDK, Anthropic with a schema', label(anthropic('claude-haiku-4-5'), 'Good or bad? nonce:10'))

for (const batch of [openaiBatch, mistralBatch, anthropicBatch]) await batch.close()
strictEqual((await server.ledger()).rowsBilledAgain, 0)
await server.close()
