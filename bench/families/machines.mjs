import { join } from 'node:path'
import { COMMAND, leaveWords, nameOf, writeConfiguration } from '../contenders/contenders.mjs'
import { assertWhole } from '../count-answers.mjs'
import { measure, together } from '../measure.mjs'
import { ask, startPostgres } from '../postgres.mjs'
import { startSink } from '../servers.mjs'

/** A run has one writer at a time, so what workers share are several runs. */
const SIZES = {
  short: [{ runs: 4, rows: 2_500, workers: [1, 2, 4] }],
  all: [
    { runs: 4, rows: 125_000, workers: [1, 2, 4] },
    { runs: 1, rows: 500_000, workers: [1, 2] },
  ],
}

/** Every batch has ended when it is looked at for the first time. */
const POLLS = 1

/** Between two questions whether all runs are finished. */
const LOOK_MS = 100

/**
 * Runs of one home in Postgres, prepared, carried out and fetched by so many processes at once.
 * @param {import('../cases.mjs').Wishes} wishes
 * @returns {import('../cases.mjs').Case[]}
 */
export function machineCases({ isLong, rows }) {
  const sizes = rows === undefined ? SIZES[isLong ? 'all' : 'short'] : SIZES.short.map((size) => ({ ...size, rows }))
  return sizes.map(({ rows: each, runs, workers }) => ({
    family: 'machines',
    title: `${runs === 1 ? '1 run' : `${runs} runs`} of ${each.toLocaleString('en-US')} rows of 1 KB`,
    runs: 1,
    compared: nameOfWorkers(1),
    contenders: workers.map((count) => ({
      name: nameOfWorkers(count),
      take: (folder, files) => takeMachines(folder, files(each), { count, rows: each, runs }),
    })),
  }))
}

function nameOfWorkers(count) {
  return count === 1 ? '1 worker' : `${count} workers`
}

async function takeMachines(folder, path, { count, rows, runs }) {
  const postgres = await startPostgres()
  const sink = await startSink(folder, { polls: POLLS })
  try {
    writeConfiguration(folder, { home: postgres.url })
    const { environment } = sink
    const take = (words, options = {}) => measure(words, { folder, environment, ...options })
    await take([COMMAND, 'init', '--files', join(folder, 'files')])
    const numbers = Array.from({ length: runs }, (_, index) => index + 1)
    const prepare = await sideBySide(count, numbers, (number) => {
      const { exitCode, words } = leaveWords(path, number)
      return take(words, { exitCode })
    })
    const work = await workTogether(take, postgres.url, count, runs)
    const billed = await sink.drain()
    const answers = (number) => join(folder, `answers-${number}.jsonl`)
    const fetch = await sideBySide(count, numbers, (number) =>
      take([COMMAND, 'results', nameOf(number), '-o', answers(number), '--quiet']),
    )
    for (const number of numbers) assertWhole(nameOfWorkers(count), rows, billed / runs, answers(number))
    return { prepare, 'submit + collect': work, results: fetch }
  } finally {
    await sink.stop()
    await postgres.stop()
  }
}

/** Measures what is done for each number, so many at once. */
async function sideBySide(count, numbers, take) {
  const waiting = [...numbers]
  const taken = []
  const startedAt = performance.now()
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) taken.push(await take(next))
  }
  await Promise.all(Array.from({ length: count }, work))
  return together(taken, performance.now() - startedAt)
}

/** Workers that stay, stopped when all runs are finished. Together they have as many runs in hand as one alone. */
async function workTogether(take, url, count, runs) {
  const until = untilFinished(url, runs)
  const words = [COMMAND, 'worker', '--concurrency', String(Math.ceil(runs / count)), '--quiet']
  const workers = await Promise.all(Array.from({ length: count }, () => take(words, { until })))
  return together(workers, Math.max(...workers.map(({ milliseconds }) => milliseconds)))
}

async function untilFinished(url, runs) {
  for (;;) {
    const [{ held, finished }] = await ask(
      url,
      `select count(*) filter (where state = 'held')::int as held,
         count(*) filter (where state = 'completed')::int as finished from llm_batch.runs`,
    )
    if (held > 0) throw new Error(`${String(held)} of ${runs} runs are held`)
    if (finished === runs) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
