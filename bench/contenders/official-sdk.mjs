// The official SDK used as its guide shows: build the lines, write the file, upload it, create, poll, read the result
// file as text, join by id. take-step.mjs says how it is called; both steps in one process read the rows once.
import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import OpenAI from 'openai'
import { readRows } from './read-rows.mjs'
import { takeStep } from './take-step.mjs'

const client = new OpenAI()

await takeStep(submit, collect)

async function submit(rowsPath, batchPath, idPath) {
  const rows = await readRows(rowsPath)
  const lines = rows.map((row, index) =>
    JSON.stringify({
      custom_id: `row-${index}`,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: 'gpt-6.1-terra', messages: [{ role: 'user', content: row.text }] },
    }),
  )
  await writeFile(batchPath, `${lines.join('\n')}\n`)
  const file = await client.files.create({ file: createReadStream(batchPath), purpose: 'batch' })
  const batch = await client.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  })
  await writeFile(idPath, batch.id)
  return rows
}

async function collect(rowsPath, idPath, answersPath, _resultPath, kept) {
  const id = await readFile(idPath, 'utf8')
  let batch = await client.batches.retrieve(id)
  while (batch.status !== 'completed') {
    await wait(50)
    batch = await client.batches.retrieve(id)
  }
  const content = await client.files.content(batch.output_file_id)
  const results = new Map()
  for (const line of (await content.text()).trimEnd().split('\n')) {
    const result = JSON.parse(line)
    results.set(result.custom_id, result.response.body.choices[0].message.content)
  }
  const rows = kept ?? (await readRows(rowsPath))
  const lines = rows.map((row, index) => JSON.stringify({ ...row, answer: results.get(`row-${index}`) }))
  await writeFile(answersPath, `${lines.join('\n')}\n`)
}
