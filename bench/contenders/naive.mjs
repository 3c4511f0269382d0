// The naive floor: what a good script does without a library. Everything in memory, `fetch`, one batch.
// take-step.mjs says how it is called; both steps in one process read the rows once.
import { openAsBlob } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { readRows } from './read-rows.mjs'
import { takeStep } from './take-step.mjs'

const baseUrl = process.env.OPENAI_BASE_URL
const headers = { authorization: `Bearer ${process.env.OPENAI_API_KEY}` }

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

  const form = new FormData()
  form.set('purpose', 'batch')
  form.set('file', await openAsBlob(batchPath), 'batch.jsonl')
  const file = await call('/files', { method: 'POST', body: form })
  const batch = await call('/batches', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' }),
  })
  await writeFile(idPath, batch.id)
  return rows
}

async function collect(rowsPath, idPath, answersPath, _resultPath, kept) {
  const id = await readFile(idPath, 'utf8')
  let batch = await call(`/batches/${id}`)
  while (batch.status !== 'completed') {
    await wait(50)
    batch = await call(`/batches/${id}`)
  }
  const response = await fetch(`${baseUrl}/files/${batch.output_file_id}/content`, { headers })
  const results = new Map()
  for (const line of (await response.text()).trimEnd().split('\n')) {
    const result = JSON.parse(line)
    results.set(result.custom_id, result.response.body.choices[0].message.content)
  }
  const rows = kept ?? (await readRows(rowsPath))
  const lines = rows.map((row, index) => JSON.stringify({ ...row, answer: results.get(`row-${index}`) }))
  await writeFile(answersPath, `${lines.join('\n')}\n`)
}

async function call(path, options = {}) {
  const response = await fetch(baseUrl + path, { ...options, headers: { ...headers, ...options.headers } })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return await response.json()
}
