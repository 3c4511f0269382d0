// `npm run bench [-- --rows N] [--runs N] [--json]`: how long the road takes and how much memory, beside two floors.
// README.md says how to read it.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { answersIn, CONTENDERS } from './contenders.mjs'
import { measure } from './measure.mjs'
import { writeRows } from './rows.mjs'
import { renderTable, summarise } from './summary.mjs'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '50000' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const [rowCount, runCount] = [wholeNumber('rows', values.rows), wholeNumber('runs', values.runs)]
const contenders = CONTENDERS.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name))
if (contenders.length === 0) throw new Error(`--only knows ${CONTENDERS.map(({ name }) => name).join(', ')}`)

const folder = mkdtempSync(join(tmpdir(), 'llm-batch-bench-'))
try {
  const rowsPath = join(folder, 'rows.jsonl')
  writeRows(rowsPath, rowCount)
  const roads = await takeAll(rowsPath)
  const summary = summarise(roads)
  const facts = { rows: rowCount, runs: runCount, node: process.version, cores: availableParallelism() }
  console.log(values.json ? JSON.stringify({ ...facts, ...summary }, null, 2) : renderTable(facts, summary))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Every contender as often as asked, taking turns, so that a machine that grows slower is slower for all. */
async function takeAll(rowsPath) {
  const roads = []
  for (let run = 1; run <= runCount; run += 1) {
    for (const contender of contenders) {
      const road = await takeRoad(contender, rowsPath, join(folder, `${contender.name}-${run}`))
      roads.push(road)
      if (!values.json) console.error(`run ${run} of ${runCount}: ${contender.name} ${seconds(road)}`)
    }
  }
  return roads
}

/** The whole road of one contender, with a server of its own that has nothing else to do. */
async function takeRoad(contender, rowsPath, ownFolder) {
  mkdirSync(ownFolder)
  const server = fork(new URL('./server.mjs', import.meta.url), [join(ownFolder, 'server')])
  try {
    const [{ url }] = await once(server, 'message')
    const environment = { OPENAI_API_KEY: 'sk-bench', OPENAI_BASE_URL: url }
    const take = ({ words, exitCode }) => measure(words, { folder: ownFolder, environment, exitCode })
    const submit = await take(contender.submit(rowsPath, ownFolder))
    server.send('drain')
    const [{ rowsBilled }] = await once(server, 'message')
    const collect = await take(contender.collect(rowsPath, ownFolder))
    assertWhole(contender.name, rowsBilled, answersIn(ownFolder))
    return { name: contender.name, submit, collect }
  } finally {
    if (server.connected) server.disconnect()
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
    rmSync(ownFolder, { recursive: true, force: true })
  }
}

/** A road that left something out would be fast for the wrong reason. */
function assertWhole(name, rowsBilled, path) {
  const bytes = readFileSync(path)
  let lines = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1
  const answered = bytes.toString().split('[simulated]').length - 1
  if (rowsBilled === rowCount && lines === rowCount && answered === rowCount) return
  throw new Error(`${name}: ${rowsBilled} rows billed, ${lines} lines and ${answered} answers for ${rowCount} rows`)
}

function seconds({ submit, collect }) {
  const text = (milliseconds) => `${(milliseconds / 1_000).toFixed(2)} s`
  return `${text(submit.milliseconds)} + ${text(collect.milliseconds)}`
}

function wholeNumber(name, text) {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} is ${text}; it must be a whole number above 0`)
  return value
}
