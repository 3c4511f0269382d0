import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Papa from 'papaparse'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inPairs, samplePlan, sampleResult, sampleRow, untyped } from '../../test/support/row-outcomes.ts'
import { systemDisk } from '../lib/disk.ts'
import { emptyOutcome } from '../model/outcome.ts'
import type { RowOutcome } from '../model/row.ts'
import type { OutputPlan } from '../model/run.ts'
import type { AnswerShape } from './answer-shape.ts'
import { type WrittenAnswers, writeAnswers } from './write-answers.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-output-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

interface Written extends WrittenAnswers {
  readonly text: string
}

async function written(
  rows: readonly RowOutcome[],
  parts: Partial<OutputPlan> = {},
  columns: readonly string[] = [],
  shape?: AnswerShape,
  hasSources = false,
): Promise<Written> {
  let text = ''
  const answers = await writeAnswers({
    rows: inPairs(rows),
    columns: untyped(...columns),
    shape,
    hasSources,
    plan: samplePlan('-', parts),
    costOf: () => 0.25,
    disk: systemDisk,
    sink: {
      async write(piece) {
        text += piece
      },
    },
  })
  return { ...answers, text }
}

const expired = emptyOutcome({ status: 'expired', code: 'batch_expired', reason: 'not run in time', billed: 'no' })

function writeTo(rows: AsyncIterable<readonly RowOutcome[]>, path: string | null): Promise<WrittenAnswers> {
  return writeAnswers({ rows, columns: [], plan: samplePlan(path), costOf: () => null, disk: systemDisk })
}

async function* broken(): AsyncIterable<readonly RowOutcome[]> {
  yield [sampleRow(0)]
  throw new Error('the store is gone')
}

/** The last ten columns of the first record; only for cells without commas. */
function answerCells(csv: string): readonly string[] {
  return csv.trimEnd().split('\n').at(1)?.split(',').slice(-10) ?? []
}

describe('answers by a schema', () => {
  const json = '{"label":"a\u2028b","id":12345678901234567890}'
  const structured = { value: { label: 'a\u2028b' }, json, note: null }
  const row = sampleRow(0, { result: sampleResult({ output: `Here: ${json}` }, { structured }) })

  it('are values in JSON lines, as the model wrote them, on one line', async () => {
    const { text } = await written([row])
    expect(text).toContain('"llm_output":{"label":"a\\u2028b","id":12345678901234567890},"llm_status"')
    expect(text.split(/[\n\u2028]/)).toHaveLength(2)
  })

  it('are JSON text in CSV', async () => {
    const { text } = await written([row], { format: 'csv' })
    expect(text).toContain(`"${json.replaceAll('"', '""')}",succeeded`)
  })

  it('count with the tokens and the cost of all that their rows were asked, and tell of it where rows may be asked again', async () => {
    const earlier = sampleResult({ status: 'invalid', code: 'invalid_json', reason: 'broken', output: '{' })
    const unbilled = sampleResult({
      status: 'failed',
      code: 'x',
      reason: null,
      billed: 'no',
      usage: null,
      output: null,
    })
    const asked = sampleResult({}, { others: [earlier, unbilled], tries: 3 })
    let text = ''
    const sink = { write: async (piece: string) => void (text += piece) }
    const options = { columns: [], plan: samplePlan('-'), costOf: () => 0.25, disk: systemDisk, sink, hasTurns: true }
    await writeAnswers({
      ...options,
      rows: inPairs([sampleRow(0, { result: asked }), sampleRow(1, { result: sampleResult({}) }), sampleRow(2)]),
    })
    const [first, second, third] = text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(first).toMatchObject({ llm_prompt_tokens: 24, llm_completion_tokens: 6, llm_attempt: 3, llm_turns: 3 })
    expect(first?.['llm_earlier']).toEqual([
      { output: '{', status: 'invalid', error: 'invalid_json: broken', cost_usd: 0.25 },
      { output: null, status: 'failed', error: 'x', cost_usd: 0.25 },
    ])
    expect(second).toMatchObject({ llm_turns: 1, llm_earlier: [] })
    expect(third).toMatchObject({ llm_turns: null, llm_earlier: [] })
  })
})

describe('JSON lines', () => {
  it('puts our columns after the bytes of the user, which stay as they were', async () => {
    const json = '{ "n":12345678901234567890, "é":"\\u00e9", "b":1.0, "a":[1, {"x":"}"}] }'
    const { text } = await written([sampleRow(0, { json, id: 'a-1', result: sampleResult({}) })])
    expect(text).toBe(
      '{ "n":12345678901234567890, "é":"\\u00e9", "b":1.0, "a":[1, {"x":"}"}] ,"llm_output":"fine","llm_status":"succeeded",' +
        '"llm_error":null,"llm_finish_reason":"stop","llm_prompt_tokens":12,"llm_completion_tokens":3,"llm_cost_usd":0.25,' +
        '"llm_model":"gpt-6.1-terra-2026-08-07","llm_id":"a-1","llm_attempt":1}\n',
    )
  })

  it('writes an answer that is JSON as the value it is, byte for byte, and text that looks like it as text', async () => {
    const { text } = await written([
      sampleRow(0, { result: sampleResult({ output: '[0.10, -4.5e-05]', isJson: true }) }),
      sampleRow(1, { result: sampleResult({ output: '["a\u2028b"]', isJson: true }) }),
      sampleRow(2, { result: sampleResult({ output: '[0.10]' }) }),
      sampleRow(3, { result: sampleResult({ output: null, isJson: true }) }),
    ])
    expect(text.match(/"llm_output":(.*),"llm_status"/g)).toEqual([
      '"llm_output":[0.10, -4.5e-05],"llm_status"',
      '"llm_output":["a\\u2028b"],"llm_status"',
      '"llm_output":"[0.10]","llm_status"',
      '"llm_output":null,"llm_status"',
    ])
  })

  it('says what became of rows without an answer', async () => {
    const { text } = await written([
      sampleRow(0),
      sampleRow(1, { problem: { code: 'missing_column', line: 2, detail: 'no column text' } }),
      sampleRow(2, { json: '{"a":1}', result: sampleResult({ ...expired, usage: null, model: null }, { tries: 3 }) }),
    ])
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map((line) => [line['llm_status'], line['llm_error'], line['llm_id'], line['llm_attempt']])).toEqual([
      ['pending', null, '1', null],
      ['failed', 'missing_column: no column text', '2', null],
      ['expired', 'batch_expired: not run in time', '3', 3],
    ])
    expect(lines[2]).toMatchObject({ a: 1, llm_output: null, llm_prompt_tokens: null, llm_model: null })
  })

  it('escapes what other readers take for a line break', async () => {
    const { text } = await written([sampleRow(0, { result: sampleResult({ output: 'a\u2028b\u0085c\nd' }) })])
    expect(text).toContain(String.raw`"llm_output":"a\u2028b\u0085c\nd"`)
  })
})

describe('CSV', () => {
  it('writes a header and quotes as RFC 4180 asks', async () => {
    const json = '{"text":"say \\"hi\\",\\nyou","big":12345678901234567890,"deep":{"a":[1.0]},"gone":null,"yes":true}'
    const { text } = await written(
      [sampleRow(0, { json, result: sampleResult({ output: 'a,b' }) })],
      { format: 'csv' },
      ['text', 'big', 'deep', 'gone', 'absent', 'yes'],
    )
    expect(text).toBe(
      'text,big,deep,gone,absent,yes,llm_output,llm_status,llm_error,llm_finish_reason,llm_prompt_tokens,' +
        'llm_completion_tokens,llm_cost_usd,llm_model,llm_id,llm_attempt\n' +
        '"say ""hi"",\nyou",12345678901234567890,"{""a"":[1.0]}",,,true,"a,b",succeeded,,stop,12,3,0.25,' +
        'gpt-6.1-terra-2026-08-07,1,1\n',
    )
  })

  const outputs: readonly (readonly [output: string, safe: string])[] = [
    ['=1+1', "'=1+1"],
    ['+cmd', "'+cmd"],
    ['-cmd', "'-cmd"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', `"'\r=1"`],
    ['＝1+1', "'＝1+1"],
    ['＋1', "'＋1"],
    ['－1', "'－1"],
    ['＠SUM(A1)', "'＠SUM(A1)"],
    ['-12.5', '-12.5'],
    ['+3e-4', '+3e-4'],
    ['a=1', 'a=1'],
    ['', ''],
  ]

  it.each(outputs)('writes the answer %j as %j where it must be safe for spreadsheets', async (output, safe) => {
    const row = sampleRow(0, { result: sampleResult({ output }) })
    const { text, formulaCells } = await written([row], { format: 'csv', excelSafe: true })
    expect(answerCells(text)[0]).toBe(safe)
    expect(formulaCells).toBe(safe === output ? 0 : 1)
  })

  it('counts such answers where they are left as they are', async () => {
    const rows = outputs.map(([output], ordinal) => sampleRow(ordinal, { result: sampleResult({ output }) }))
    const { text, formulaCells } = await written(rows, { format: 'csv' })
    expect(formulaCells).toBe(10)
    expect(answerCells(text)[0]).toBe('=1+1')
  })

  it('never touches the columns of the user, nor an id that looks like a formula', async () => {
    const row = sampleRow(0, { json: '{"id":"=A1"}', id: '=A1', result: sampleResult({}) })
    const { text, formulaCells } = await written([row], { format: 'csv', excelSafe: true }, ['id'])
    expect(text.split('\n')[1]).toMatch(/^=A1,fine,.*,=A1,1$/)
    expect(formulaCells).toBe(0)
  })

  it('covers the names of our columns, and leaves those of the user', async () => {
    const row = sampleRow(0, { json: '{"=A1":"x"}', result: sampleResult({}) })
    const { text, formulaCells } = await written([row], { format: 'csv', excelSafe: true, prefix: '=' }, ['=A1'])
    const names = (text.split('\n')[0] ?? '').split(',')
    expect(names[0]).toBe('=A1')
    expect(names.slice(1).every((name) => name.startsWith("'="))).toBe(true)
    expect(formulaCells).toBe(names.length - 1)
  })
})

describe('provider lines', () => {
  const rawLine =
    '{"id":"r1", "response":{"x":"\\"custom_id\\":\\"bnonce0010000000\\""}, "custom_id" : "bnonce0010000000"}'

  it('carry the id of the user where ours stood, and are untouched otherwise', async () => {
    const row = sampleRow(0, { id: 'my "id" $&', result: sampleResult({}, { rawLine }) })
    const { text } = await written([row], { format: 'provider' })
    expect(text).toBe(
      `${rawLine.replace('"custom_id" : "bnonce0010000000"', () => '"custom_id" : "my \\"id\\" $&"')}\n`,
    )
  })

  it('keep everything where our id stands deeper in the line', async () => {
    const nested = '{"request":{"custom_id":"bnonce0010000000"},"n":1}'
    const { text } = await written([sampleRow(0, { result: sampleResult({}, { rawLine: nested }) })], {
      format: 'provider',
    })
    expect(text).toBe(`{"custom_id":"1",${nested.slice(1)}\n`)
  })

  it('are made up with an error where the provider wrote none', async () => {
    const { text } = await written(
      [
        sampleRow(0, { id: 'a', result: sampleResult(expired) }),
        sampleRow(1, { problem: { code: 'invalid_json', line: 2, detail: 'no JSON' } }),
        sampleRow(2),
      ],
      { format: 'provider' },
    )
    expect(text.trimEnd().split('\n')).toEqual([
      '{"custom_id":"a","response":null,"error":{"code":"batch_expired","message":"not run in time"}}',
      '{"custom_id":"2","response":null,"error":{"code":"invalid_json","message":"no JSON"}}',
      '{"custom_id":"3","response":null,"error":{"code":"pending","message":"there is no result yet"}}',
    ])
  })
})

describe('the answers file', () => {
  it('has one line per row, also where they take many writes', async () => {
    const path = join(folder, 'out.jsonl')
    const output = 'é'.repeat(5_000)
    const rows = Array.from({ length: 301 }, (_, ordinal) => sampleRow(ordinal, { result: sampleResult({ output }) }))
    const { rows: count, bytes } = await writeTo(inPairs(rows), path)
    const text = await readFile(path)
    expect(count).toBe(301)
    expect(text.length).toBe(bytes)
    const lines = text.toString().trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { llm_id: string }).llm_id)).toEqual(
      rows.map((row) => String(row.line)),
    )
  })

  it('stays as it was, with nothing beside it, where the rows break off', async () => {
    const path = join(folder, 'out.jsonl')
    await writeFile(path, 'before')
    await expect(writeTo(broken(), path)).rejects.toThrow('the store is gone')
    expect(await readFile(path, 'utf8')).toBe('before')
    expect(await readdir(folder)).toEqual(['out.jsonl'])
  })

  it.each([
    ['missing', [0, 2]],
    ['doubled', [0, 0]],
    ['out of order', [1, 0]],
  ])('is not written where a row is %s', async (_, ordinals) => {
    const rows = ordinals.map((ordinal) => sampleRow(ordinal))
    await expect(writeTo(inPairs(rows), join(folder, 'out.jsonl'))).rejects.toThrow(/should be written next/)
    expect(await readdir(folder)).toEqual([])
  })

  it('may leave rows out where a part is asked for, but neither doubles nor turns them round', async () => {
    const writePart = (ordinals: readonly number[]): Promise<WrittenAnswers> =>
      writeAnswers({
        rows: inPairs(ordinals.map((ordinal) => sampleRow(ordinal))),
        isPart: true,
        columns: [],
        plan: samplePlan(join(folder, 'out.jsonl')),
        costOf: () => null,
        disk: systemDisk,
      })
    expect(await writePart([1, 4, 5])).toMatchObject({ rows: 3 })
    await expect(writePart([1, 1])).rejects.toThrow(/should be written next/)
    await expect(writePart([3, 2])).rejects.toThrow(/should be written next/)
  })

  it('must have a name', async () => {
    await expect(writeTo(inPairs([]), null)).rejects.toMatchObject({ code: 'usage', next: 'Name a file with -o.' })
  })
})

/** What a schema of an object looks like to the writers. */
const LABELS: AnswerShape = {
  kind: 'json',
  schema: {
    type: 'object',
    properties: {
      label: { type: 'string' },
      at: { type: 'object', properties: { city: { type: 'string' }, n: { type: 'integer' } } },
      tags: { type: 'array', items: { type: 'string' } },
    },
  },
}

const JSON_ANSWERS = [
  '{"label":"a","at":{"city":"Ulm","n":12345678901234567},"tags":["x"]}',
  '{\n  "label": "b\u2028c",\n  "at": null\n}',
  'no JSON',
].map((output, ordinal) => sampleRow(ordinal, { json: '{"id":1}', result: sampleResult({ output }) }))

const INVALID = sampleRow(3, { json: '{"id":1}', result: sampleResult({ status: 'invalid', output: '{"label":1}' }) })

describe('answers that are JSON', () => {
  it('are values in JSON lines; what is not valid stays the text that came', async () => {
    const { text } = await written([...JSON_ANSWERS, INVALID], {}, ['id'], LABELS)
    const lines = text.trimEnd().split('\n')
    expect(lines).toHaveLength(4)
    expect(lines[0]).toContain('"llm_output":{"label":"a","at":{"city":"Ulm","n":12345678901234567},"tags":["x"]}')
    expect(lines[1]).toContain(String.raw`"label": "b\u2028c"`)
    expect(lines.map((line) => (JSON.parse(line) as Record<string, unknown>)['llm_output'])).toEqual([
      { label: 'a', at: { city: 'Ulm', n: Number('12345678901234567') }, tags: ['x'] },
      { label: 'b\u2028c', at: null },
      'no JSON',
      '{"label":1}',
    ])
  })

  it('are JSON text in CSV, with a column for each leaf', async () => {
    const { text } = await written([...JSON_ANSWERS, INVALID], { format: 'csv' }, ['id'], LABELS)
    const { data } = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true })
    const columns = ['llm_output', 'llm_output.label', 'llm_output.at.city', 'llm_output.at.n', 'llm_output.tags']
    expect(Object.keys(data[0] ?? {}).slice(1, 6)).toEqual(columns)
    expect(data.map((row) => columns.map((column) => row[column]))).toEqual([
      [JSON_ANSWERS[0]?.result?.outcome.output, 'a', 'Ulm', '12345678901234567', '["x"]'],
      ['{   "label": "b\u2028c",   "at": null }', 'b\u2028c', '', '', ''],
      ['no JSON', '', '', '', ''],
      ['{"label":1}', '', '', '', ''],
    ])
  })

  it('are neutralised for spreadsheets leaf by leaf', async () => {
    const row = sampleRow(0, { result: sampleResult({ output: '{"label":"=1+1"}' }) })
    const plan = { format: 'csv', excelSafe: true } as const
    const { formulaCells, text } = await written([row], plan, [], LABELS)
    expect(text).toContain(`,'=1+1,`)
    expect(formulaCells).toBe(1)
  })
})

describe('chosen columns', () => {
  const row = sampleRow(0, {
    json: '{"id": 12345678901234567890, "a": {"b": 1.0}, "gone": null}',
    result: sampleResult({}, { rawLine: '{"custom_id":"bnonce0010000000", "n":1.0}' }),
  })

  it('are the user’s own bytes in JSON lines, in the order asked for', async () => {
    const columns = ['gone', 'llm_output', 'a', 'id', 'absent']
    const { text } = await written([row], { columns }, ['id', 'a', 'gone', 'absent'])
    expect(text).toBe('{"gone":null,"llm_output":"fine","a":{"b": 1.0},"id":12345678901234567890}\n')
  })

  it('are those of the header in CSV', async () => {
    const { text } = await written([row], { columns: ['llm_id', 'id'], format: 'csv' }, ['id', 'a', 'gone'])
    expect(text).toBe('llm_id,id\n1,12345678901234567890\n')
  })

  it('can be what the provider wrote: a value in JSON lines, text in CSV', async () => {
    const columns = ['llm_raw']
    expect((await written([row, sampleRow(1)], { columns, raw: true }, [])).text).toBe(
      '{"llm_raw":{"custom_id":"bnonce0010000000", "n":1.0}}\n{"llm_raw":null}\n',
    )
    expect((await written([row], { columns, raw: true, format: 'csv' }, [])).text).toBe(
      'llm_raw\n"{""custom_id"":""bnonce0010000000"", ""n"":1.0}"\n',
    )
    const garbled = sampleRow(0, { result: sampleResult({}, { rawLine: 'no "JSON"' }) })
    expect((await written([garbled], { columns, raw: true }, [])).text).toBe('{"llm_raw":"no \\"JSON\\""}\n')
  })
})

describe('rows that did not succeed', () => {
  const rows = [
    sampleRow(0, { json: '{"a":0}', result: sampleResult({}) }),
    sampleRow(1, { json: '{"a":1}', result: sampleResult(expired) }),
    sampleRow(2, { problem: { code: 'missing_column', line: 3, detail: 'no column text' } }),
    sampleRow(3, { json: '{"a":3}' }),
  ]

  it('are written once more to a file of their own, in its own format; what is pending is none of them', async () => {
    const paths = { path: join(folder, 'out.jsonl'), failedPath: join(folder, 'failed.csv.gz') }
    const answers = await writeAnswers({
      rows: inPairs(rows),
      columns: untyped('a'),
      plan: samplePlan(paths.path, paths),
      costOf: () => null,
      disk: systemDisk,
    })
    expect(answers).toMatchObject({ rows: 4, failed: { path: paths.failedPath, rows: 2 } })
    const main = (await readFile(paths.path, 'utf8')).trimEnd().split('\n')
    expect(main).toHaveLength(4)
    const failed = gunzipSync(await readFile(paths.failedPath))
      .toString()
      .trimEnd()
      .split('\n')
    expect(failed.map((line) => line.split(',').slice(0, 3).join())).toEqual([
      'a,llm_output,llm_status',
      '1,,expired',
      ',,failed',
    ])
    expect(await readdir(folder)).toEqual(['failed.csv.gz', 'out.jsonl'])
  })

  it('leave nothing behind when something goes wrong', async () => {
    const plan = samplePlan(join(folder, 'out.jsonl'), { failedPath: join(folder, 'failed.jsonl') })
    const options = { rows: broken(), columns: [], plan, costOf: () => null, disk: systemDisk }
    await expect(writeAnswers(options)).rejects.toThrow('the store is gone')
    expect(await readdir(folder)).toEqual([])
  })
})

describe('a packed file', () => {
  it('holds what the plain one would, and its size is what lies on the disk', async () => {
    const rows = Array.from({ length: 3_000 }, (_, ordinal) => sampleRow(ordinal, { json: `{"a":${ordinal}}` }))
    const plain = join(folder, 'out.jsonl')
    await writeTo(inPairs(rows), plain)
    const { bytes } = await writeTo(inPairs(rows), `${plain}.gz`)
    const packed = await readFile(`${plain}.gz`)
    expect(bytes).toBe(packed.length)
    expect(gunzipSync(packed).equals(await readFile(plain))).toBe(true)
  })
})

describe('the source of a row', () => {
  it('is told where there are several, and keeps apart ids that are line numbers', async () => {
    const rows = ['a.csv', 'b.csv'].map((source, ordinal) => sampleRow(ordinal, { source, line: 2 }))
    const { text } = await written(rows, { format: 'csv', columns: ['llm_id', 'llm_source'] }, [], undefined, true)
    expect(text).toBe('llm_id,llm_source\na.csv:2,a.csv\nb.csv:2,b.csv\n')
  })
})
