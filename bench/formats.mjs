// `npm run formats [-- --rows N]`: CSV to Parquet and back by the built command, every row and type counted by DuckDB, and a
// table of a SQLite file beside CSV, with the time and memory that each step took.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { DatabaseSync } from '@photostructure/sqlite'
import { measure } from './measure.mjs'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '100000' } } })
const rows = Number(values.rows)
const command = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'llm-batch-formats-'))
const database = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()

const TABLE = `select i as id, 'Question ' || i || ' ' || md5(i::varchar) || repeat(' and more', 50) as text,
  (9007199254740993 + i)::bigint as big, i / 7.0 as score, (i / 3)::decimal(20, 6) as price, i % 2 = 0 as flag,
  date '2026-01-01' + (i % 900)::int as day, [i, null] as list, {'city': 'Ulm', 'n': i} as place from range(${rows}) t(i)`
/** How often the simulated model answers badly. */
const ANSWERS = 'invalid=0.05,fenced=0.1,truncated=0.02,refused=0.02,empty=0.01,wrong_schema=0.05'

const COLUMNS = 'id, text, big, score, price, flag, day, list, place'

writeFileSync(join(folder, 'llm-batch.config.json'), JSON.stringify({ home: 'home', waits: { poll: '50ms' } }))
const server = fork(new URL('./server.mjs', import.meta.url), [join(folder, 'server')])
try {
  const [{ url }] = await once(server, 'message')
  await database.run(`copy (${TABLE}) to '${path('rows.csv')}' (format csv, header)`)
  await database.run(`copy (${TABLE}) to '${path('rows.parquet')}' (format parquet, row_group_size 10240)`)
  await step('CSV in, Parquet out', {
    url,
    input: 'rows.csv',
    output: 'text.parquet',
    given: csv('rows.csv'),
    written: parquet('text.parquet'),
  })
  await step('Parquet in, CSV out', {
    url,
    input: 'text.parquet',
    output: 'last.csv',
    given: csv('rows.csv'),
    written: csv('last.csv'),
    prefix: 'two_',
  })
  await step('Parquet in, Parquet out', {
    url,
    input: 'rows.parquet',
    output: 'out.parquet',
    given: parquet('rows.parquet'),
    written: parquet('out.parquet'),
  })
  const types =
    await list(`select column_name, column_type from (describe select ${COLUMNS} from ${parquet('out.parquet')})
    except select column_name, column_type from (describe select ${COLUMNS} from ${parquet('rows.parquet')})`)
  if (types.length > 0) throw new Error(`types changed: ${JSON.stringify(types)}`)
  await table()
  await classify()
  console.log('All rows were accounted for, and all types of Parquet stayed what they were.')
} finally {
  server.disconnect()
  database.closeSync()
  rmSync(folder, { recursive: true, force: true })
}

async function step(name, { url, input, output, given, written, prefix = 'llm_' }) {
  const environment = { OPENAI_API_KEY: 'sk-bench', OPENAI_BASE_URL: url }
  const kept = `${COLUMNS},${prefix}output,${prefix}status,${prefix}id`
  const words = [
    'run',
    input,
    '--model',
    'openai/gpt-6.1-terra',
    '--prompt',
    '{{text}}',
    '--id-column',
    'id',
    '-o',
    output,
  ]
  const submit = await measure(
    [command, ...words, '--prefix', prefix, '--columns', kept, '--again', '--yes', '--no-wait', '--quiet'],
    {
      folder,
      environment,
      exitCode: 75,
    },
  )
  server.send('drain')
  await once(server, 'message')
  const collect = await measure([command, 'resume', 'last', '--quiet'], { folder, environment })
  const count = `select count(*) as n from`
  const [{ n }] = await list(
    `${count} ${written} where ${prefix}status = 'succeeded' and id::varchar = ${prefix}id and ${prefix}output <> ''`,
  )
  const [{ n: lost }] = await list(
    `${count} (select ${COLUMNS} from ${given} except all select ${COLUMNS} from ${written})`,
  )
  const [good, different] = [Number(n), Number(lost)]
  if (good !== rows || different !== 0) throw new Error(`${name}: ${good} rows of ${rows}, ${different} differ`)
  console.log(`${name}: read and sent in ${shown(submit)}, collected and written in ${shown(collect)}`)
}

/** The answers of the last run as CSV, as a new database, and in place of a table of one that is there. */
async function table() {
  const write = (...words) => measure([command, 'results', 'last', ...words, '--quiet'], { folder, environment: {} })
  const asCsv = await write('-o', 'table.csv')
  const made = await write('-o', 'table.db')
  const replaced = await write('-o', 'table.db', '--force')
  const sums =
    'count(*) as n, count(distinct id) as ids, sum(length(text)) as characters, count(distinct llm_output) as answers'
  const [given] = await list(`select ${sums} from ${csv('table.csv')}`)
  const file = new DatabaseSync(path('table.db'), { readOnly: true })
  const written = file.prepare(`select ${sums} from answers`).get()
  file.close()
  const differing = Object.keys(given).filter((name) => Number(given[name]) !== Number(written[name]))
  if (Number(written.n) !== rows || differing.length > 0)
    throw new Error(`CSV and SQLite differ in ${differing.join(', ')}`)
  console.log(
    `Answers to CSV in ${shown(asCsv)}, to SQLite in ${shown(made)}, in place of a table in ${shown(replaced)}`,
  )
}

/** A model that answers badly now and then, a schema and a second question: every row must have its right status. */
async function classify() {
  const spoiled = fork(new URL('./server.mjs', import.meta.url), [join(folder, 'spoiled'), ANSWERS])
  try {
    const [{ url }] = await once(spoiled, 'message')
    const environment = { OPENAI_API_KEY: 'sk-bench', OPENAI_BASE_URL: url }
    const fields = ['--field', 'label: billing|support|sales', '--field', 'amount?: number']
    const words = ['run', 'rows.csv', '--model', 'openai/gpt-6.1-terra', '--prompt', 'Classify: {{text}}', ...fields]
    const whole = [...words, '--id-column', 'id', '--reask', '1', '-o', 'labels.parquet', '--yes', '--quiet']
    const run = await measure([command, ...whole], { folder, environment, exitCode: 4 })
    await measure([command, 'results', 'last', '-o', 'labels.csv', '--quiet'], { folder, environment })
    const statuses = await list(
      `select llm_status as status, count(*)::int as n from ${parquet('labels.parquet')} group by 1`,
    )
    const counts = Object.fromEntries(statuses.map(({ status, n }) => [status, n]))
    const [{ n: found }] = await list(`select count(distinct id)::int as n from ${parquet('labels.parquet')}`)
    const [{ n: good }] = await list(`select count(*)::int as n from ${parquet('labels.parquet')}
      where llm_status = 'succeeded' and llm_output.label in ('billing', 'support', 'sales')`)
    const [{ n: differing }] = await list(`select count(*)::int as n from ${parquet('labels.parquet')} p
      join ${csv('labels.csv')} c on c.id = p.id::varchar
      where p.llm_status is distinct from c.llm_status or p.llm_output.label is distinct from nullif(c."llm_output.label", '')`)
    const told = JSON.stringify(counts)
    if (found !== rows || good !== counts.succeeded || differing !== 0) {
      const seen = JSON.stringify({ rows: found, labels: good, differing })
      throw new Error(`${told}, but Parquet and CSV have ${seen}`)
    }
    console.log(`CSV in, classified with ${ANSWERS}, Parquet out: ${shown(run)}, ${told}`)
  } finally {
    spoiled.disconnect()
  }
}

function path(name) {
  return join(folder, name)
}

function csv(name) {
  return `read_csv('${path(name)}', header = true, all_varchar = true, delim = ',', quote = '"')`
}

function parquet(name) {
  return `'${path(name)}'`
}

async function list(sql) {
  return (await database.runAndReadAll(sql)).getRowObjectsJson()
}

function shown({ milliseconds, peakBytes, processorMilliseconds }) {
  const seconds = (value) => `${(value / 1_000).toFixed(1)} s`
  return `${seconds(milliseconds)} (${seconds(processorMilliseconds)} of processor time, ${Math.round(peakBytes / 1e6)} MB)`
}
