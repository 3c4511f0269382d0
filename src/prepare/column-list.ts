import type { RowColumns } from '../batching/prepared-row.ts'
import { jsonMembers } from '../lib/json-members.ts'
import { type Column, type ColumnType, isSameType } from '../model/column.ts'
import type { Row } from '../model/row.ts'

/** The columns of a row that stands in a table, and else its own, in the order in which the user wrote them. */
export function columnsOf({ columns, json, record }: Row): RowColumns {
  if (columns !== undefined) return { table: columns, names: [] }
  const names = Object.keys(record)
  // An object puts names such as "2" before all others, whatever the order they were written in.
  const isReordered = names[0] !== undefined && /^\d/.test(names[0])
  return { table: null, names: isReordered ? [...jsonMembers(json).keys()] : names }
}

/** The columns of an input in order of appearance, gathered from its rows. */
export class ColumnList {
  readonly #types = new Map<string, ColumnType | null>()
  #lastTable: readonly Column[] | null = null

  add({ names, table }: RowColumns): void {
    if (table === null) {
      // What has no types may hold anything.
      for (const name of names) if (this.#types.get(name) !== null) this.#types.set(name, null)
      return
    }
    // All rows of a file share one list, so most of them cost no more than this.
    if (table === this.#lastTable) return
    this.#lastTable = table
    for (const { name, type } of table) {
      const known = this.#types.get(name)
      this.#types.set(name, known === undefined || isSameType(known, type) ? type : null)
    }
  }

  /** The columns so far. */
  all(): readonly Column[] {
    return Array.from(this.#types, ([name, type]) => ({ name, type }))
  }
}
