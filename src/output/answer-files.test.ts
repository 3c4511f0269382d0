import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inPairs, samplePlan, sampleResult, sampleRow, untyped } from '../../test/support/row-outcomes.ts'
import { systemDisk } from '../lib/disk.ts'
import { emptyOutcome } from '../model/outcome.ts'
import type { RowOutcome } from '../model/row.ts'
import type { OutputPlan } from '../model/run.ts'
import { VERSION } from '../version.ts'
import type { AnswerShape } from './answer-shape.ts'
import { writeAnswers } from './write-answers.ts'

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/export/answers/', import.meta.url))

const SCHEMA: AnswerShape = {
  kind: 'json',
  schema: {
    type: 'object',
    properties: {
      label: { type: 'string' },
      score: { type: 'number' },
      at: { type: 'object', properties: { city: { type: 'string' } } },
    },
  },
}

const VECTORS: AnswerShape = { kind: 'json', schema: { type: 'array', items: { type: 'number' } } }

const usage = { promptTokens: 20, completionTokens: 7, cachedTokens: 16, reasoningTokens: 4 }

/** Text answers of every fate, with what formats are broken by. */
const TEXTS: readonly RowOutcome[] = texts([
  {
    id: 'a-1',
    json: '{"id":"a-1","text":"say \\"hi\\", then\\ngo","n":12345678901234567890}',
    result: sampleResult({}),
  },
  { json: '{ "n": 1.0, "text":"é\\u2028" }', result: sampleResult({ output: '=SUM(A1)\tx', usage }) },
  {
    json: '{"text":null}',
    result: sampleResult({ status: 'truncated', code: 'length', reason: 'cut off', finishReason: 'length' }),
  },
  {
    json: '{"text":"asked again"}',
    result: sampleResult(
      { usage, output: 'better' },
      {
        tries: 3,
        rawLine: '{"custom_id":"bnonce0010000000", "response":{"status_code":200}}',
        others: [
          sampleResult({ status: 'invalid', code: 'invalid_json', reason: 'broken\nin two', output: '{"a' }),
          sampleResult({ ...emptyOutcome({ status: 'failed', code: 'x', reason: null, billed: 'no' }) }),
        ],
      },
    ),
  },
  {
    json: '{"text":"of an earlier row"}',
    result: sampleResult(
      { usage: { promptTokens: 0, completionTokens: 0, cachedTokens: 0, reasoningTokens: 0 } },
      { boughtFor: 'earlier_row', rawLine: 'no JSON at all' },
    ),
  },
  {
    json: '{"text":"too late"}',
    result: sampleResult(
      emptyOutcome({ status: 'expired', code: 'batch_expired', reason: '-not run', billed: 'unknown' }),
      { tries: 2 },
    ),
  },
  { problem: { code: 'missing_column', line: 7, detail: 'no column text' } },
  { json: '{"text":"not yet"}' },
])

function texts(rows: readonly Partial<RowOutcome>[]): readonly RowOutcome[] {
  return rows.map((parts, ordinal) => sampleRow(ordinal, { source: ordinal < 4 ? 'one.csv' : 'two.csv', ...parts }))
}

const answer = (json: string) => ({ structured: { value: JSON.parse(json) as unknown, json, note: null } })

/** Answers by a schema, and such as do not fit it. */
const LABELS: readonly RowOutcome[] = [
  sampleResult({}, answer('{"label":"=good","score":0.10,"at":{"city":"Ulm\\u2028"}}')),
  sampleResult({}, answer('{"label":"more","score":1e3,"extra":[1, 2.0]}')),
  sampleResult({ status: 'invalid', code: 'bad_shape', reason: 'no label', output: '{"score":1}' }),
].map((result, ordinal) => sampleRow(ordinal, { json: `{"text":"t${ordinal}"}`, result }))

/** Vectors, and a row without one. */
const LISTS: readonly RowOutcome[] = [
  sampleRow(0, { result: sampleResult({ output: '[0.10, -4.5e-05]', isJson: true }) }),
  sampleRow(1, { result: sampleResult({ output: '[1,-0]', isJson: true }) }),
  sampleRow(2),
]

const CHOSEN = ['n', 'text', 'cost_usd', 'llm_output', 'line', 'source', 'turns', 'raw', 'earlier']

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-answer-files-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

interface Case {
  readonly rows: readonly RowOutcome[]
  readonly plan: Partial<OutputPlan>
  readonly shape?: AnswerShape
}

async function bytesOf(name: string, { plan, rows, shape }: Case): Promise<Buffer> {
  const path = join(folder, name)
  await writeAnswers({
    rows: inPairs(rows),
    columns: untyped('id', 'text', 'n'),
    texts: async function* () {
      yield rows.map(({ json }) => json)
    },
    shape,
    hasSources: rows === TEXTS,
    hasTurns: rows === TEXTS,
    plan: samplePlan(path, plan),
    costOf: ({ boughtFor, outcome }) =>
      boughtFor === 'this_row' ? (outcome.billed === 'unknown' ? null : 0.000_25) : 0,
    disk: systemDisk,
  })
  return await readFile(path)
}

describe('the files of answers', () => {
  it.each<[string, Case]>([
    ['whole.jsonl', { rows: TEXTS, plan: { raw: true } }],
    ['whole.csv', { rows: TEXTS, plan: { raw: true, format: 'csv' } }],
    ['whole.json', { rows: TEXTS, plan: { raw: true, format: 'json' } }],
    ['whole.tsv', { rows: TEXTS, plan: { raw: true, format: 'tsv' } }],
    ['empty.json', { rows: [], plan: { format: 'json' } }],
    ['empty.tsv', { rows: [], plan: { format: 'tsv' } }],
    ['excel-safe.csv', { rows: TEXTS, plan: { format: 'csv', excelSafe: true, prefix: '@' } }],
    ['whole.parquet', { rows: TEXTS, plan: { raw: true, format: 'parquet' } }],
    ['chosen.jsonl', { rows: TEXTS, plan: { columns: CHOSEN } }],
    ['chosen.csv', { rows: TEXTS, plan: { columns: CHOSEN, format: 'csv' } }],
    ['chosen.parquet', { rows: TEXTS, plan: { columns: CHOSEN, format: 'parquet' } }],
    ['provider.jsonl', { rows: TEXTS, plan: { format: 'provider' } }],
    ['schema.jsonl', { rows: LABELS, shape: SCHEMA, plan: {} }],
    ['schema.csv', { rows: LABELS, shape: SCHEMA, plan: { format: 'csv' } }],
    ['schema.json', { rows: LABELS, shape: SCHEMA, plan: { format: 'json' } }],
    ['schema.tsv', { rows: LABELS, shape: SCHEMA, plan: { format: 'tsv', excelSafe: true } }],
    ['schema.parquet', { rows: LABELS, shape: SCHEMA, plan: { format: 'parquet' } }],
    ['vectors.jsonl', { rows: LISTS, shape: VECTORS, plan: {} }],
    ['vectors.csv', { rows: LISTS, shape: VECTORS, plan: { format: 'csv' } }],
    ['vectors.parquet', { rows: LISTS, shape: VECTORS, plan: { format: 'parquet' } }],
  ])('have the bytes that they have had: %s', async (name, given) => {
    const bytes = await bytesOf(name, given)
    const isText = given.plan.format !== 'parquet'
    // A Parquet file names the version that wrote it.
    const text = isText ? bytes.toString() : lines(bytes.toString('latin1').replace(VERSION, '0.0.0'))
    await expect(text).toMatchFileSnapshot(join(FIXTURES, isText ? name : `${name}.base64`))
  })
})

function lines(bytes: string): string {
  return Buffer.from(bytes, 'latin1')
    .toString('base64')
    .replace(/.{100}/g, '$&\n')
}
