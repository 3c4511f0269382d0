import { jsonMembers } from '../../lib/json-members.ts'
import type { ColumnType } from '../../model/column.ts'
import type { RowOutcome } from '../../model/row.ts'
import type { CostOf } from '../answer.ts'
import type { AnswerShape } from '../answer-shape.ts'
import { COLUMNS } from '../columns.ts'
import type { OutputField } from '../fields.ts'
import { jsonAnswer, partOf, valueAt } from '../json-answer.ts'
import { typeAtPath } from '../schema-shape.ts'
import { type StoredType, type StoredValue, storedTypeOf, storedValue, TEXT } from './stored-value.ts'

/** Facts that the columns of a table follow from. */
export interface TableOptions {
  readonly fields: readonly OutputField[]
  /** The types of the input's columns, for those whose field has none. */
  readonly types: ReadonlyMap<string, ColumnType>
  readonly shape: AnswerShape
  readonly costOf: CostOf
}

/** A column of the table. */
export interface TableColumn {
  readonly name: string
  readonly declared: StoredType['declared']
}

/** The columns of a table, and the values of a row in their order. */
export interface TableShape {
  readonly columns: readonly TableColumn[]
  readonly valuesOf: (row: RowOutcome) => readonly StoredValue[]
}

/** Facts of a row that several columns need. */
interface OpenRow {
  readonly row: RowOutcome
  readonly members: ReturnType<typeof jsonMembers>
  /** The answer as JSON text; null where it is none. */
  readonly answer: string | null
}

type Cell = TableColumn & { readonly value: (row: OpenRow) => StoredValue }

/** The columns that CSV has too, each with the type that SQLite has for it. */
export function tableShape(options: TableOptions): TableShape {
  const cells = options.fields.map((field) => cellOf(field, options))
  const isJson = options.shape.kind === 'json'
  return {
    columns: cells.map(({ declared, name }) => ({ name, declared })),
    valuesOf(row) {
      const open = { row, members: jsonMembers(row.json), answer: isJson ? jsonAnswer(row) : null }
      return cells.map(({ value }) => value(open))
    },
  }
}

function cellOf(field: OutputField, { costOf, shape, types }: TableOptions): Cell {
  const { name } = field
  switch (field.kind) {
    case 'input': {
      const { declared, of } = storedTypeOf(field.type ?? types.get(name) ?? { kind: 'json' })
      return { name, declared, value: ({ members, row }) => given(row.json, members.get(name), of) }
    }
    case 'answer': {
      const { of, type } = COLUMNS[field.column]
      const isOutput = field.column === 'output'
      const { declared } = storedTypeOf(type)
      return { name, declared, value: ({ answer, row }) => (isOutput ? answer : null) ?? of(row, costOf) }
    }
    case 'leaf': {
      const type = shape.kind === 'json' && shape.schema !== null ? typeAtPath(shape.schema, field.path) : undefined
      const { declared, of } = type === undefined ? { declared: '' as const, of: storedValue } : storedTypeOf(type)
      return {
        name,
        declared,
        value: ({ answer, row }) => fitting(valueAt(answer ?? jsonAnswer(row) ?? '', field.path), declared, of),
      }
    }
    case 'part':
      return {
        name,
        declared: '',
        value: ({ row }) => fitting(partOf(row.json, field.column, field.path), '', storedValue),
      }
    case 'line':
      return { name, declared: 'INTEGER', value: ({ row }) => row.line }
    case 'misfit':
      return { name, declared: TEXT.declared, value: () => null }
  }
}

function given(
  json: string,
  place: { readonly start: number; readonly end: number } | undefined,
  of: StoredType['of'],
): StoredValue {
  return place === undefined ? null : of(json.slice(place.start, place.end))
}

/** A part of an answer; null where SQLite would round it, since the whole answer stands elsewhere. */
function fitting(json: string | undefined, declared: StoredType['declared'], of: StoredType['of']): StoredValue {
  const value = json === undefined ? null : of(json)
  return declared === 'INTEGER' && typeof value === 'string' ? null : value
}
