import type { Column, ColumnType } from '../model/column.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { OutputPlan } from '../model/run.ts'
import type { AnswerShape } from './answer-shape.ts'
import { type AnswerColumn, COLUMN_NAMES, columnsIn, type FileFacts } from './columns.ts'
import { formatOf } from './format.ts'
import { leavesOfSchema } from './schema-shape.ts'
import { flawOfTable } from './sqlite/table-flaw.ts'

/** A column of an answers file and where its values come from. */
export type OutputField =
  | { readonly kind: 'input'; readonly name: string; readonly type: ColumnType | null }
  | { readonly kind: 'answer'; readonly name: string; readonly column: AnswerColumn }
  /** A part of the answer in a column of its own: in CSV and SQLite each leaf of a schema, elsewhere where it is named. */
  | { readonly kind: 'leaf'; readonly name: string; readonly path: readonly string[] }
  /** A part of a column of the input, where it is named. */
  | { readonly kind: 'part'; readonly name: string; readonly column: string; readonly path: readonly string[] }
  /** The line of the input that the row stood on, where it is named. */
  | { readonly kind: 'line'; readonly name: string }
  /** An answer that does not fit the type of its column; only in Parquet. */
  | { readonly kind: 'misfit'; readonly name: string }

/** Facts that decide about the columns of an answers file. */
export interface FieldOptions extends FileFacts {
  readonly plan: Pick<OutputPlan, 'columns' | 'failedPath' | 'prefix' | 'raw'>
  readonly shape: AnswerShape
  /** The input's columns, in order. */
  readonly columns: readonly Column[]
}

/** The columns of an answers file in their order: those of the input, then ours, or those that were named. */
export function outputFields(options: FieldOptions): readonly OutputField[] {
  const { columns, plan } = options
  const input = columns.map(({ name, type }): OutputField => ({ kind: 'input', name, type }))
  const ours = answerFields(options)
  if (plan.columns === null) return [...input, ...ours]
  const named = namedFields(options)
  return named.some(({ kind }) => OURS.has(kind)) ? named : [...named, ...ours]
}

/** Kinds of columns that are ours. */
const OURS: ReadonlySet<OutputField['kind']> = new Set(['answer', 'leaf', 'misfit'])

/** The columns that the user names, each once. */
function namedFields(options: FieldOptions): readonly OutputField[] {
  const find = fieldFinder(options)
  const fields = (options.plan.columns ?? []).flatMap((name) => find(name) ?? [])
  return [...new Map(fields.map((field) => [field.name, field])).values()]
}

/**
 * What names mean, as in a table of `results`: a column of the input, one of ours with or without its prefix, the line, or
 * a path into one of these such as `output.label`; undefined for anything else. Space around a name may be the user's.
 */
function fieldFinder(options: FieldOptions): (name: string) => OutputField | undefined {
  const { columns, plan } = options
  const input = columns.map(({ name, type }): OutputField => ({ kind: 'input', name, type }))
  const ours = everyColumn(plan)
  const known = new Map([...ours, ...answerFields(options), ...input].map((field) => [field.name, field]))
  const whole = (name: string): OutputField | undefined =>
    known.get(name) ?? known.get(plan.prefix + name) ?? (name === 'line' ? { kind: 'line', name } : undefined)
  return (given) => {
    const name = known.has(given) ? given : given.trim()
    return whole(name) ?? partField(name, whole)
  }
}

/** A path into a column; the longest name of a column counts. */
function partField(name: string, whole: (name: string) => OutputField | undefined): OutputField | undefined {
  const keys = name.split('.')
  for (let length = keys.length - 1; length > 0; length -= 1) {
    const field = whole(keys.slice(0, length).join('.'))
    const path = keys.slice(length)
    if (field?.kind === 'input') return { kind: 'part', name, column: field.name, path }
    if (field?.kind === 'answer' && field.column === 'output') {
      return { kind: 'leaf', name: `${field.name}.${path.join('.')}`, path }
    }
  }
  return undefined
}

/**
 * Refuses, before anything is spent, columns that a file cannot have: named ones that do not exist, columns of the
 * input that are named like ours, because one of the two would be lost, and what a table of SQLite cannot hold. `isInput`
 * where the input is to blame, not the flags of a later command.
 */
export function checkFields(options: FieldOptions, code: 'input' | 'usage' = 'usage'): void {
  const collisions = findCollisions(options)
  if (collisions.length > 0) {
    throw new LlmBatchError(code, `the input has columns with the names of added columns: ${collisions.join(', ')}`, {
      next: `Choose another prefix for the added columns with ${mention('prefix')}, such as ${mention('prefix', 'second_')}, or leave them out with ${mention('columns')}.`,
    })
  }
  const unknown = findUnknown(options)
  if (unknown.length > 0) {
    const ours = [...answerFields(options), ...everyColumn(options.plan)]
    const known = [...new Set([...options.columns, ...ours].map(({ name }) => name))]
    throw new LlmBatchError('usage', describeUnknown(unknown), {
      next: `The columns are ${known.slice(0, MOST_NAMED).join(', ')}${known.length > MOST_NAMED ? ', and more' : ''}.`,
    })
  }
  const flaw = findTableFlaw(options)
  if (flaw === undefined) return
  throw new LlmBatchError(code, flaw, { next: `Choose columns with ${mention('columns')}, or write another format.` })
}

/** Why a table of SQLite cannot have the columns; undefined where it can, and where no file is one. */
export function findTableFlaw(options: FieldOptions): string | undefined {
  const { failedPath } = options.plan
  const isTable = options.format === 'sqlite' || (failedPath !== null && formatOf(failedPath) === 'sqlite')
  return isTable ? flawOfTable(outputFields({ ...options, format: 'sqlite' }).map(({ name }) => name)) : undefined
}

/** The names of columns that are unknown, in words. */
export function describeUnknown(names: readonly string[]): string {
  return `unknown ${names.length === 1 ? 'column' : 'columns'} in ${mention('columns')}: ${names.join(', ')}`
}

const MOST_NAMED = 40

/** The input columns that are kept and bear the name of one of ours, in input order. */
export function findCollisions(options: FieldOptions): readonly string[] {
  const { columns, plan } = options
  const ours = new Set(answerFields(options).map(({ name }) => name))
  const kept = plan.columns === null ? null : new Set(namedFields(options).map(({ name }) => name))
  return columns.map(({ name }) => name).filter((name) => ours.has(name) && (kept === null || kept.has(name)))
}

/** The named columns that neither the input nor we have. */
export function findUnknown(options: FieldOptions): readonly string[] {
  const find = fieldFinder(options)
  return (options.plan.columns ?? []).filter((name) => find(name) === undefined).map((name) => name.trim())
}

/** Our columns in their order; parts of the answer stand beside it. */
function answerFields(options: FieldOptions): readonly OutputField[] {
  return columnsIn(options).flatMap((column) => {
    const field = answerField(column, options.plan)
    return column === 'output' ? [field, ...fieldsOfOutput(field.name, options)] : [field]
  })
}

/** All that can be named of our columns. */
function everyColumn(plan: FieldOptions['plan']): readonly OutputField[] {
  return COLUMN_NAMES.map((column) => answerField(column, plan))
}

function answerField(column: AnswerColumn, { prefix }: FieldOptions['plan']): OutputField {
  return { kind: 'answer', name: prefix + column, column }
}

/** Columns that a format needs beside the answer. */
function fieldsOfOutput(output: string, { format, shape }: FieldOptions): readonly OutputField[] {
  if (format === 'csv' || format === 'tsv' || format === 'sqlite') return leafFields(output, shape)
  return format === 'parquet' && shape.kind === 'json' ? [{ kind: 'misfit', name: `${output}_raw` }] : []
}

function leafFields(output: string, shape: AnswerShape): readonly OutputField[] {
  if (shape.kind !== 'json' || shape.schema === null) return []
  const fields = leavesOfSchema(shape.schema).map((path) => ({ name: `${output}.${path.join('.')}`, path }))
  // Two ways may have one name, `a.b` and `b` in `a`: the first has it, and the value stands in the answer itself.
  const first = new Map(fields.map((field) => [field.name, field] as const).reverse())
  return fields.filter((field) => first.get(field.name) === field).map((field) => ({ kind: 'leaf', ...field }))
}
