// The AI SDK's batches (`experimental_startBatch` of `ai` 7, which needs Node 22), as its guide shows. Runs from a folder
// in which peers.mjs installed `ai` and `@ai-sdk/openai`; where that is stands in BENCH_PEERS.
// take-step.mjs says how it is called; both steps in one process read the rows once.
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { readRows } from './read-rows.mjs'
import { takeStep } from './take-step.mjs'

const peers = createRequire(join(process.env.BENCH_PEERS ?? '', 'package.json'))
const load = (name) => import(pathToFileURL(peers.resolve(name)).href)
const ai = await load('ai')
const { createOpenAI } = await load('@ai-sdk/openai')
const provider = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: process.env.OPENAI_API_KEY })

await takeStep(submit, collect)

async function submit(rowsPath, _batchPath, idPath) {
  const rows = await readRows(rowsPath)
  const requests = rows.map(({ text }, index) => ({
    id: `row-${index}`,
    type: 'text',
    model: 'gpt-6.1-terra',
    prompt: text,
  }))
  const batch = await ai.experimental_startBatch({ provider, requests })
  await writeFile(idPath, JSON.stringify(batch))
  return rows
}

async function collect(rowsPath, idPath, answersPath, _resultPath, kept) {
  const batch = JSON.parse(await readFile(idPath, 'utf8'))
  let status = await ai.experimental_getBatchStatus({ provider, batch })
  while (status.status === 'pending') {
    await wait(50)
    status = await ai.experimental_getBatchStatus({ provider, batch })
  }
  const answers = new Map()
  const results = await ai.experimental_getBatchResults({ provider, batch })
  for await (const result of results) answers.set(result.id, result.text)
  const rows = kept ?? (await readRows(rowsPath))
  const lines = rows.map((row, index) => JSON.stringify({ ...row, answer: answers.get(`row-${index}`) }))
  await writeFile(answersPath, `${lines.join('\n')}\n`)
}
