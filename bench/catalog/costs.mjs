import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { COMMAND, leaveWords, writeConfiguration } from '../contenders/contenders.mjs'
import { measure } from '../measure.mjs'
import { ask } from '../postgres.mjs'
import { writeRows } from '../rows.mjs'
import { startSink } from '../servers.mjs'
import { table } from './table.mjs'

const FEW = 10
const MANY = 40

/** Somewhat less than the time between two looks of a worker at the catalog, so that each round looks at every batch. */
const POLL = '700ms'

/**
 * What the catalog does for a worker.
 * @typedef {object} Costs
 * @property {number} rounds How often a process has taken a run up.
 * @property {number} polls Looks at batches.
 * @property {number} reads Transactions that change nothing.
 * @property {number} writes Transactions that do, which follow each other in one home.
 * @property {number} inserted Rows of tables.
 * @property {number} updated
 * @property {number} log Bytes of the write-ahead log.
 */

const COLUMNS = ['reads', 'writes', 'inserted', 'updated', 'log']

/**
 * Counts what a round of a run, a look at a batch and a batch cost the catalog: as differences between runs that were looked
 * at often and seldom, and between runs of many batches and few.
 * @param {{ folder: string, url: string, polls: number }} options
 * @returns {Promise<string>} A table.
 */
export async function countCosts({ folder, polls, url }) {
  const homes = { folder, url, made: 0 }
  const alone = await costsOf(homes, 1, 1)
  const aloneLooked = await costsOf(homes, 1, polls)
  const few = await costsOf(homes, FEW, 1)
  const fewLooked = await costsOf(homes, FEW, polls)
  const many = await costsOf(homes, MANY, 1)
  const [round, look] = solved(difference(aloneLooked, alone), difference(fewLooked, few))
  const grown = difference(many, few)
  const batch = COLUMNS.map(
    (column, place) => (grown[column] - grown.rounds * round[place] - grown.polls * look[place]) / (MANY - FEW),
  )
  const row = (name, costs) => [name, ...costs.map((cost, place) => cost.toFixed(place === COLUMNS.length - 1 ? 0 : 1))]
  return table([
    ['', 'reading transactions', 'writing transactions', 'rows inserted', 'rows updated', 'bytes of log'],
    row('a round of a run, nothing looked at', round),
    row('a look at a batch', look),
    row('a batch from its plan to its answers, without looks', batch),
  ])
}

/** What one round and one look cost, by two differences in which both are unlike. */
function solved(one, other) {
  const determinant = one.rounds * other.polls - other.rounds * one.polls
  if (determinant === 0) throw new Error('rounds and looks grew alike, so they cannot be told apart')
  const pairs = COLUMNS.map((column) => [
    (one[column] * other.polls - other[column] * one.polls) / determinant,
    (other[column] * one.rounds - one[column] * other.rounds) / determinant,
  ])
  return [pairs.map(([round]) => round), pairs.map(([, look]) => look)]
}

/** One run of so many batches of one row in a new home, each looked at so often until it has ended. */
async function costsOf(homes, batches, polls) {
  homes.made += 1
  const schema = `costs_${homes.made}`
  const folder = join(homes.folder, schema)
  mkdirSync(folder)
  const rows = join(folder, 'rows.jsonl')
  writeRows(rows, batches)
  writeConfiguration(folder, {
    home: `${homes.url}?schema=${schema}`,
    waits: { poll: POLL, pollMost: POLL },
    limits: { maxOpenBatches: MANY },
  })
  const sink = await startSink(folder, { polls })
  try {
    const take = (words, exitCode = 0) => measure(words, { folder, environment: sink.environment, exitCode })
    await take([COMMAND, 'init', '--files', join(folder, 'files')])
    const before = await counters(homes.url, schema)
    const { exitCode, words } = leaveWords(rows, 1)
    await take([...words, '--max-requests', '1'], exitCode)
    await take([COMMAND, 'worker', '--once', '--quiet'])
    return difference(await counters(homes.url, schema), before)
  } finally {
    await sink.stop()
  }
}

/** The counters of the server; a process has told it all of its own when it has ended. */
async function counters(url, schema) {
  const [found] = await ask(
    url,
    `select xact_commit::int as transactions, (pg_current_wal_lsn() - '0/0')::bigint::float8 as log,
       (select sum(n_tup_ins)::int from pg_stat_user_tables where schemaname = $1) as inserted,
       (select sum(n_tup_upd)::int from pg_stat_user_tables where schemaname = $1) as updated,
       (select coalesce(sum(transaction), 0)::int from ${schema}.commits) as writes,
       (select coalesce(sum(writer), 0)::int from ${schema}.runs) as rounds,
       (select coalesce(sum(polls), 0)::int from ${schema}.attempts) as polls
     from pg_stat_database where datname = current_database()`,
    [schema],
  )
  return { ...found, reads: found.transactions - found.writes }
}

function difference(later, earlier) {
  return Object.fromEntries(Object.entries(later).map(([name, value]) => [name, value - earlier[name]]))
}
