import type { RowWriter } from '../row-writer.ts'
import { type Database, sqlName } from './database-file.ts'
import type { StoredValue } from './stored-value.ts'
import type { TableShape } from './table-columns.ts'

/** A value as the engine's binding takes it, and what SQL makes of it. */
interface Bound {
  readonly placeholder: string
  readonly value: StoredValue
}

/** Writes rows to a new table of a database, in one transaction that `finish` commits. */
export function tableWriter(database: Database, table: string, { columns, valuesOf }: TableShape): RowWriter {
  database.exec(`begin; ${createTable(table, { columns })}`)
  const insertOf = (placeholders: readonly string[]) =>
    database.prepare(`insert into ${sqlName(table)} values (${placeholders.join(', ')})`)
  const insert = insertOf(columns.map(() => '?'))

  function insertRow(values: readonly StoredValue[]): void {
    if (!values.some(isAltered)) {
      insert.run(...values)
      return
    }
    const bound = values.map(boundOf)
    insertOf(bound.map(({ placeholder }) => placeholder)).run(...bound.map(({ value }) => value))
  }

  return {
    async add(rows) {
      for (const row of rows) insertRow(valuesOf(row))
    },
    async finish() {
      database.exec('commit')
    },
    formulaCells: 0,
  }
}

/** The statement that makes a table. */
export function createTable(table: string, { columns }: Pick<TableShape, 'columns'>): string {
  return `create table ${sqlName(table)} (${columns.map(({ declared, name }) => `${sqlName(name)} ${declared}`).join(', ')})`
}

/** True for what the binding changes: it ends text at a NUL, and takes a number just above a whole one for that one. */
function isAltered(value: StoredValue): boolean {
  if (typeof value === 'string') return value.includes('\0')
  return typeof value === 'number' && !Number.isInteger(value) && value - Math.floor(value) < Number.EPSILON
}

function boundOf(value: StoredValue): Bound {
  if (!isAltered(value)) return { placeholder: '?', value }
  return typeof value === 'string'
    ? { placeholder: 'cast(? as text)', value: Buffer.from(value) }
    : { placeholder: 'cast(? as real)', value: String(value) }
}
