// `npm run bench:page [-- --rows N]`: what the page of `llm-batch ui` takes for a run of so many rows, beside one of fifty:
// the time of its questions, also in the middle of the rows, and the memory of the server after hundreds of them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { COMMAND, OURS } from './contenders/contenders.mjs'
import { machineFacts } from './machine.mjs'
import { writeRows } from './rows.mjs'
import { startSink } from './servers.mjs'

const FEW = 50
const ROW_BYTES = 200
const TIMES = 15
const JUMPS = 400

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } })
const many = Number(values.rows)
const folder = mkdtempSync(join(tmpdir(), 'llm-batch-page-'))
try {
  const { commit, cores, date, node, processor } = machineFacts()
  console.log(`${date}, commit ${commit}, ${processor}, ${cores} cores, Node ${node}\n`)
  const few = await measure(FEW)
  const much = await measure(many)
  console.log(table(few, much))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Carries out a run of so many rows, and asks about it as the page does. */
async function measure(rows) {
  const place = join(folder, `${rows}`)
  mkdirSync(place)
  await carryOut(place, rows)
  const page = await openPage(place)
  try {
    return await askAll(page, rows)
  } finally {
    page.child.kill('SIGINT')
    await once(page.child, 'exit')
  }
}

async function carryOut(place, rows) {
  const input = join(place, 'rows.jsonl')
  writeRows(input, rows, ROW_BYTES)
  const sink = await startSink(place, { answerBytes: 100 })
  try {
    await run(OURS.submit(input, place), place, sink.environment)
    await sink.drain()
    await run(OURS.collect(input, place), place, sink.environment)
  } finally {
    await sink.stop()
  }
}

async function run({ exitCode = 0, words }, place, environment) {
  const child = start(place, words, environment)
  const [code] = await once(child, 'exit')
  if (code !== exitCode) throw new Error(`${words.slice(1).join(' ')} ended with ${code}`)
}

function start(place, words, environment = {}) {
  const env = { PATH: process.env.PATH, LLM_BATCH_HOME: join(place, 'home'), ...environment }
  return spawn(process.execPath, words, { cwd: place, env, stdio: ['ignore', 'pipe', 'inherit'] })
}

async function openPage(place) {
  const child = start(place, [COMMAND, 'ui', '--port', '0'])
  const [line] = await once(createInterface(child.stdout), 'line')
  const { origin, searchParams } = new URL(line)
  const headers = { authorization: `Bearer ${searchParams.get('token')}` }
  return {
    child,
    async ask(path) {
      const answer = await fetch(`${origin}/api/${path}`, { headers })
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return await answer.json()
    },
  }
}

async function askAll({ ask, child }, rows) {
  const middle = Math.floor(rows / 2)
  const questions = {
    'the list of runs': () => ask('runs'),
    'one run': () => ask('runs/last'),
    'its batches': () => ask('runs/last/batches'),
    'fifty rows at the beginning': () => ask('runs/last/rows?limit=50'),
    'fifty rows in the middle': () => ask(`runs/last/rows?limit=50&at=${middle}`),
    'one row in the middle': () => ask(`runs/last/rows/${middle}`),
    'rows that failed, of which there are none': () => ask('runs/last/rows?status=failed'),
    'a piece of a search that finds nothing': () => ask('runs/last/rows?q=nowhere-in-these-rows'),
  }
  const times = {}
  for (const [name, question] of Object.entries(questions)) times[name] = await timesOf(question)
  const before = memoryOf(child.pid)
  // Anywhere, so that what is kept of one place is of no use for the next.
  for (let jump = 0; jump < JUMPS; jump += 1) await ask(`runs/last/rows?limit=50&at=${(jump * 7_919) % rows}`)
  return { rows, times, before, after: memoryOf(child.pid) }
}

/** The first time, and the median of those that follow. Milliseconds. */
async function timesOf(question) {
  const all = []
  for (let time = 0; time <= TIMES; time += 1) {
    const begun = performance.now()
    await question()
    all.push(performance.now() - begun)
  }
  const [first = 0, ...others] = all
  return { first, median: others.sort((one, other) => one - other)[Math.floor(others.length / 2)] ?? 0 }
}

/** Megabytes that a process holds now; on Linux only. */
function memoryOf(pid) {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1_000)
}

function table(few, much) {
  const count = (rows) => rows.toLocaleString('en-US')
  const ms = ({ first, median }) => `${first.toFixed(0)}, ${median.toFixed(1)}`
  const lines = Object.keys(few.times).map((name) => {
    const ratio = (much.times[name].median / few.times[name].median).toFixed(1)
    return `| ${name} | ${ms(few.times[name])} | ${ms(much.times[name])} | ${ratio} x |`
  })
  return [
    `| milliseconds: the first time, then the median of ${TIMES} | ${count(few.rows)} rows | ${count(much.rows)} rows | |`,
    '| --- | --- | --- | --- |',
    ...lines,
    `| memory before and after ${JUMPS} pages anywhere, MB | ${few.before}, ${few.after} | ${much.before}, ${much.after} | |`,
  ].join('\n')
}
