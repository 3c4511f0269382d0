import { describe, expect, it } from 'vitest'
import { untyped } from '../../test/support/row-outcomes.ts'
import { PLAIN_OUTPUT } from '../model/run.ts'
import type { AnswerShape } from './answer-shape.ts'
import { checkFields, type FieldOptions, findCollisions, findUnknown, outputFields } from './fields.ts'

const SCHEMA: AnswerShape = {
  kind: 'json',
  schema: {
    type: 'object',
    properties: { label: { type: 'string' }, at: { type: 'object', properties: { city: { type: 'string' } } } },
  },
}

function options(parts: Partial<FieldOptions> = {}, columns: readonly string[] = ['id', 'text']): FieldOptions {
  return {
    plan: PLAIN_OUTPUT,
    format: 'csv',
    shape: { kind: 'text' },
    columns: untyped(...columns),
    hasSources: false,
    hasTurns: false,
    ...parts,
  }
}

function names(given: FieldOptions): readonly string[] {
  return outputFields(given).map(({ name }) => name)
}

function choosing(...columns: readonly string[]): Pick<FieldOptions, 'plan'> {
  return { plan: { ...PLAIN_OUTPUT, columns } }
}

const OURS = 'output status error finish_reason prompt_tokens completion_tokens cost_usd model id attempt'
  .split(' ')
  .map((name) => `llm_${name}`)

describe('the columns of an answers file', () => {
  it('are those of the input, then ours', () => {
    expect(names(options())).toEqual(['id', 'text', ...OURS])
  })

  it('tell the source where there are several files, and the raw line where it was asked for', () => {
    expect(names(options({ hasSources: true, plan: { ...PLAIN_OUTPUT, raw: true } }))).toEqual([
      'id',
      'text',
      ...OURS,
      'llm_source',
      'llm_raw',
    ])
  })

  it('are the named ones in their order, with all of ours where none of ours is named', () => {
    expect(names(options(choosing('text', 'id')))).toEqual(['text', 'id', ...OURS])
    expect(names(options(choosing('llm_output', 'id', 'llm_output')))).toEqual(['llm_output', 'id'])
    expect(names(options(choosing('id', ' text', ' llm_id'), ['id', ' text']))).toEqual(['id', ' text', 'llm_id'])
  })

  it('may be named as in a table: without the prefix, by a path, by the line', () => {
    const given = options({ ...choosing('status', 'output.at.city', 'text.lang', 'line', 'turns'), format: 'jsonl' })
    expect(names(given)).toEqual(['llm_status', 'llm_output.at.city', 'text.lang', 'line', 'llm_turns'])
    expect(names(options(choosing('line', 'text')))).toEqual(['line', 'text', ...OURS])
    // What the input has is meant first, and a path into nothing is no column.
    expect(names(options(choosing('status', 'line'), ['status', 'line']))).toEqual(['status', 'line', ...OURS])
    expect(findUnknown(options(choosing('nothing.at', 'status.at')))).toEqual(['nothing.at', 'status.at'])
    expect(findCollisions(options(choosing('status'), ['llm_status']))).toEqual(['llm_status'])
  })

  it('show the leaves of a schema in CSV, and what fits no type in Parquet', () => {
    expect(names(options({ shape: SCHEMA })).slice(2, 6)).toEqual([
      'llm_output',
      'llm_output.label',
      'llm_output.at.city',
      'llm_status',
    ])
    expect(names(options({ shape: SCHEMA, format: 'parquet' })).slice(2, 5)).toEqual([
      'llm_output',
      'llm_output_raw',
      'llm_status',
    ])
    expect(names(options({ shape: SCHEMA, format: 'jsonl' })).slice(2, 4)).toEqual(['llm_output', 'llm_status'])
  })

  it('name a leaf once, though two ways may lead to its name', () => {
    const properties = { 'a.b': { type: 'string' }, a: { type: 'object', properties: { b: { type: 'string' } } } }
    const shape: AnswerShape = { kind: 'json', schema: { type: 'object', properties } }
    expect(names(options({ shape })).filter((name) => name === 'llm_output.a.b')).toHaveLength(1)
  })
})

describe('columns of the input that are named like ours', () => {
  it.each([
    ['llm_', ['text', 'llm_output', 'llm_note', 'llm_id'], ['llm_output', 'llm_id']],
    ['second_', ['text', 'llm_output'], []],
    ['', ['id', 'text'], ['id']],
  ])('collide under the prefix %j', (prefix, columns, expected) => {
    expect(findCollisions(options({ plan: { ...PLAIN_OUTPUT, prefix } }, columns))).toEqual(expected)
  })

  it('do no harm where they are not kept', () => {
    expect(findCollisions(options(choosing('text'), ['text', 'llm_output']))).toEqual([])
    expect(() => checkFields(options({}, ['text', 'llm_output']))).toThrow(
      'columns with the names of added columns: llm_output',
    )
  })
})

describe('columns that do not exist', () => {
  it('are refused, naming those that there are', () => {
    const given = options(choosing('text', 'titel', 'llm_rau'))
    expect(findUnknown(given)).toEqual(['titel', 'llm_rau'])
    expect(() => checkFields(given)).toThrow('unknown columns in output.columns: titel, llm_rau')
  })
})

describe('a table of SQLite', () => {
  const table = (columns: readonly string[], plan = PLAIN_OUTPUT) => options({ format: 'sqlite', plan }, columns)

  it.each([
    ['two that differ only in upper and lower case', ['text', 'TEXT'], /columns text and TEXT have the same name/],
    ['one that differs so from one of ours', ['text', 'LLM_Output'], /LLM_Output and llm_output have the same name/],
    ['a NUL in a name', ['a\0b'], /cannot have the column "a\\u0000b"/],
    ['too many', Array.from({ length: 1_991 }, (_, at) => `c${at}`), /at most 2000 columns, and the answers have 2001/],
  ])('cannot have such columns, which is said before anything is sent: %s', (_, columns, message) => {
    expect(() => checkFields(table(columns))).toThrow(message)
    expect(() =>
      checkFields(
        table(columns, { ...PLAIN_OUTPUT, columns: columns.slice(0, 1).filter((name) => !name.includes('\0')) }),
      ),
    ).not.toThrow()
    const failedPath = '/failed.db'
    expect(() => checkFields(options({ plan: { ...PLAIN_OUTPUT, failedPath } }, columns))).toThrow(message)
    expect(() => checkFields(options({}, columns))).not.toThrow()
  })

  it('has 2,000 columns, and letters of other alphabets in both cases', () => {
    const columns = ['Ä', 'ä', ...Array.from({ length: 1_988 }, (_, at) => `c${at}`)]
    expect(() => checkFields(table(columns))).not.toThrow()
  })
})
