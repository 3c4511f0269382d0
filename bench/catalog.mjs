// `npm run bench:catalog [-- --batches N] [--runs N] [--only counts,questions]`: what a batch, a look at it and a round of
// its run cost the catalog in Postgres, counted by Postgres itself; and how long questions take with many batches in it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { countCosts } from './catalog/costs.mjs'
import { timeQuestions } from './catalog/questions.mjs'
import { machineFacts } from './machine.mjs'
import { startPostgres } from './postgres.mjs'

const { values } = parseArgs({
  options: {
    batches: { type: 'string', default: '20000' },
    runs: { type: 'string', default: '10' },
    polls: { type: 'string', default: '6' },
    only: { type: 'string', default: 'counts,questions' },
  },
})
const parts = values.only.split(',')

const folder = mkdtempSync(join(tmpdir(), 'llm-batch-catalog-'))
const postgres = await startPostgres()
try {
  const { commit, cores, date, node, processor } = machineFacts()
  console.log(`${date}, commit ${commit}, ${processor}, ${cores} cores, Node ${node}`)
  if (parts.includes('counts'))
    console.log(await countCosts({ folder: made('counts'), url: postgres.url, polls: Number(values.polls) }))
  if (parts.includes('questions')) {
    const size = { batches: Number(values.batches), runs: Number(values.runs) }
    console.log(await timeQuestions({ folder: made('questions'), url: postgres.url, ...size }))
  }
} finally {
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
}

function made(name) {
  const path = join(folder, name)
  mkdirSync(path)
  return path
}
