// `npm run bench [-- --all] [-- --only FAMILIES] …`: how long things take and how much memory, beside floors that do
// less. README.md says how to read it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { casesOf, FAMILY_NAMES, rowFiles } from './cases.mjs'
import { checkGoals } from './goals.mjs'
import { machineFacts } from './machine.mjs'
import { renderTables, summarise } from './summary.mjs'
import { writeBenchmarks } from './write.mjs'

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    rows: { type: 'string' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string', default: FAMILY_NAMES.join(',') },
    contenders: { type: 'string' },
    check: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const runs = wholeNumber('runs', values.runs)
const rows = values.rows === undefined ? undefined : wholeNumber('rows', values.rows)
const wanted = values.contenders?.split(',')
const cases = await casesOf(families(values.only.split(',')), { isLong: values.all, rows })

const folder = mkdtempSync(join(tmpdir(), 'llm-batch-bench-'))
try {
  const results = []
  const files = rowFiles(folder)
  for (const one of cases) results.push(summarise(one, await takeTurns(one, files)))
  const facts = { ...machineFacts(), runs, arguments: process.argv.slice(2) }
  console.log(values.json ? JSON.stringify({ ...facts, results }, null, 2) : renderTables(facts, results))
  if (values.write) writeBenchmarks(facts, results)
  if (values.check) process.exitCode = checkGoals(results) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Every contender as often as asked, taking turns, so that a machine that grows slower is slower for all. */
async function takeTurns(one, files) {
  const taken = []
  for (let run = 1; run <= Math.min(runs, one.runs ?? runs); run += 1) {
    for (const { name, take } of one.contenders) {
      if (wanted && !wanted.includes(name)) continue
      const own = join(folder, 'own')
      mkdirSync(own)
      const measures = await take(own, files)
      rmSync(own, { recursive: true, force: true })
      for (const [measure, measurement] of Object.entries(measures)) taken.push({ name, measure, measurement })
      if (!values.json) tell(one.title, run, name, measures)
    }
  }
  return taken
}

function tell(title, run, name, measures) {
  const times = Object.entries(measures).map(
    ([measure, { milliseconds }]) => `${measure} ${(milliseconds / 1_000).toFixed(2)} s`,
  )
  console.error(`${title}, run ${run}: ${name}: ${times.join(', ')}`)
}

function families(names) {
  const unknown = names.find((name) => !FAMILY_NAMES.includes(name))
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there are ${FAMILY_NAMES.join(', ')}`)
  return names
}

function wholeNumber(name, text) {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} is ${text}; it must be a whole number above 0`)
  return value
}
