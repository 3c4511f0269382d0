import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMMAND } from '../contenders/contenders.mjs'
import { fromSources } from '../from-sources.mjs'
import { intentOf, spendingOf } from '../made-batches.mjs'
import { measure } from '../measure.mjs'
import { ask } from '../postgres.mjs'
import { table } from './table.mjs'

const MAKER = fileURLToPath(new URL('../make-large-home.mjs', import.meta.url))
const TIMES = 15
const [SELDOM, OFTEN] = [2, 7]
/** Processes that write at once, each with a connection of its own, and for how long. */
const WRITERS = [1, 4]
const WRITING_MS = 3_000
/** Batches that were not sent that a round asks for: `maxOpenBatches` and `maxTransfers`. */
const MOST_UNSENT = 24
const REFUSED = { isAdmitted: false, wait: { code: 'queue_full', words: 'full', nextAt: 0 } }

const { homeAt, openFolderStore, openPostgresStore, systemClock, systemDisk } = await fromSources([
  'config/home-address',
  'lib/clock',
  'lib/disk',
  'store/folder/folder-store',
  'store/postgres/postgres-store',
])

/**
 * Times the questions that are asked again and again, in a catalog of so many batches, on both engines.
 * @param {{ folder: string, url: string, batches: number, runs: number }} size
 * @returns {Promise<string>} Tables.
 */
export async function timeQuestions({ batches, folder, runs, url }) {
  const homes = { Postgres: `${url}?schema=large`, SQLite: join(folder, 'home') }
  const columns = []
  for (const [name, home] of Object.entries(homes))
    columns.push({ name, ...(await answersOf(folder, home, { batches, runs })) })
  const names = Object.keys(columns[0].times)
  const pages = await pagesIn(homes.Postgres, names)
  const [{ bytes }] = await ask(
    url,
    `select sum(pg_total_relation_size(format('%I.%I', schemaname, tablename)::regclass))::float8 as bytes
     from pg_tables where schemaname = 'large'`,
  )
  const asked = `${batches.toLocaleString('en-US')} batches in ${runs} runs; milliseconds, median of ${TIMES}`
  return [
    table([
      [asked, 'pages in Postgres', ...columns.map(({ name }) => name)],
      ...names.map((name) => [name, pages[name].toFixed(0), ...columns.map(({ times }) => times[name].toFixed(2))]),
    ]),
    table([
      ['commands, processor time in seconds', ...columns.map(({ name }) => name)],
      ...Object.keys(columns[0].commands).map((name) => [
        name,
        ...columns.map(({ commands }) => commands[name].toFixed(2)),
      ]),
    ]),
    `the catalog in Postgres: ${(bytes / batches / 1_000).toFixed(1)} KB a batch`,
    ...(await ratesOf(homes.Postgres)),
  ].join('\n')
}

async function answersOf(folder, home, { batches, runs }) {
  const place = join(folder, home.startsWith('postgres') ? 'postgres' : 'sqlite')
  mkdirSync(place)
  const environment = { OPENAI_API_KEY: 'sk-bench', LLM_BATCH_HOME: home }
  await measure([MAKER, String(batches), home, String(runs)], { folder: place, environment })
  // Its housekeeping is off, and does this after so many changes.
  if (home.startsWith('postgres')) await ask(home.replace(/\?.*/, ''), 'vacuum analyze')
  const times = await timesIn(await open(home))
  const commands = {}
  for (const words of [['status', 'last'], ['status'], ['runs']]) {
    const { processorMilliseconds } = await measure([COMMAND, ...words], { folder: place, environment })
    commands[words.join(' ')] = processorMilliseconds / 1_000
  }
  return { times, commands }
}

/** How many looks at batches one home writes down in a second. */
async function ratesOf(home) {
  const told = []
  for (const count of WRITERS) {
    const writers = await Promise.all(Array.from({ length: count }, (_, place) => writerOf(home, place)))
    const until = performance.now() + WRITING_MS
    const written = await Promise.all(writers.map(({ write }) => writtenUntil(until, write)))
    for (const { store } of writers) await store.close()
    const rate = (written.reduce((total, one) => total + one, 0) / WRITING_MS) * 1_000
    told.push(`writing transactions a second, ${count === 1 ? '1 client' : `${count} clients`}: ${Math.round(rate)}`)
  }
  return told
}

async function writerOf(home, place) {
  const store = await open(home)
  const { id } = (await store.waitingRuns())[place]
  const run = await store.write(id)
  const { key } = (await run.unfinishedAttempts(0)).find(({ stage }) => stage === 'submitted')
  return { store, write: () => run.noteAttempt(key, { lastPollAt: systemClock.now() }) }
}

async function writtenUntil(until, write) {
  let count = 0
  for (; performance.now() < until; count += 1) await write()
  return count
}

async function open(address) {
  const home = homeAt(address, '/', null)
  if (home.kind === 'database') return (await openPostgresStore(home, systemClock)).store
  return openFolderStore({ home: home.path, disk: systemDisk, clock: systemClock })
}

async function timesIn(store) {
  const times = {}
  for (const [name, work] of Object.entries(await questionsOf(store))) times[name] = await timed(work)
  await store.close()
  return times
}

/**
 * How many pages of 8 KB Postgres looks at for each question, which does not depend on what else the machine does: by its own
 * count, as the difference between asking more and less often.
 */
async function pagesIn(home, names) {
  const pages = {}
  for (const name of names) {
    const few = await pagesFor(home, name, SELDOM)
    pages[name] = ((await pagesFor(home, name, OFTEN)) - few) / (OFTEN - SELDOM)
  }
  return pages
}

async function pagesFor(home, name, times) {
  const before = await pagesSoFar(home)
  const store = await open(home)
  const { [name]: work } = await questionsOf(store)
  for (let time = 0; time < times; time += 1) await work()
  await store.close()
  return (await pagesSoFar(home)) - before
}

/** Asked once no other session is there: each tells its count at its end. */
async function pagesSoFar(home) {
  const url = home.replace(/\?.*/, '')
  for (;;) {
    const [{ others, pages }] = await ask(
      url,
      `select (select count(*)::int from pg_stat_activity where application_name = 'llm-batch') as others,
         (blks_hit + blks_read)::float8 as pages from pg_stat_database where datname = current_database()`,
    )
    if (others === 0) return pages
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function questionsOf(store) {
  const [{ id }] = await store.waitingRuns()
  const run = await store.write(id)
  const attempts = await run.unfinishedAttempts()
  const [waiting] = attempts.filter(({ stage }) => stage === 'uploaded')
  const [submitted] = attempts.filter(({ stage }) => stage === 'submitted')
  const claim = () => run.openIntent(waiting.key, intentOf(waiting.nonce), () => REFUSED, spendingOf(waiting.nonce))
  const createAndEnd = async () => {
    const { intent } = await run.openIntent(
      waiting.key,
      intentOf(waiting.nonce),
      () => ({ isAdmitted: true }),
      spendingOf(waiting.nonce),
    )
    await run.closeIntent(intent.key, 'not_created', 'uploaded', {})
  }
  return {
    'the look of a worker': () => store.waitingRuns(),
    'the attempts of a round': () => run.unfinishedAttempts(MOST_UNSENT),
    'all unfinished attempts': () => run.unfinishedAttempts(),
    'what waits for an audit': () => run.unauditedAttempts(),
    'whether batches wait for room': () => run.isRoomWanted(),
    'what was begun': () => run.origin(),
    'a look written down': () => run.noteAttempt(submitted.key, { lastPollAt: systemClock.now() }),
    'a create that is refused': claim,
    'a create and its refusal by the provider': createAndEnd,
    'money spent and set aside': () => run.spending(systemClock.now() - 86_400_000),
    'counts of a run': () => run.counts(),
    'all attempts of a run': () => run.allAttempts(),
    'all batches of a run': () => run.batches(),
    'everything made at providers': () => store.knownRemotes(),
  }
}

/** The median of several times, after one that is not counted. */
async function timed(work) {
  await work()
  const times = []
  for (let time = 0; time < TIMES; time += 1) {
    const startedAt = performance.now()
    await work()
    times.push(performance.now() - startedAt)
  }
  return times.sort((one, other) => one - other)[TIMES >> 1]
}
