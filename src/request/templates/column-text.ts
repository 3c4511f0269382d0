import { sliceProperty } from '../../lib/json-slice.ts'
import type { Row } from '../../model/row.ts'

/**
 * What a placeholder stands for in this row: the column of exactly this name, else a path such as `customer.name` or
 * `tags.0`. Null is empty, text is itself; numbers, true, false, objects and lists are their JSON, as the user wrote it.
 * Undefined where there is no such column.
 */
export function columnText(row: Row, name: string): string | undefined {
  if (Object.hasOwn(row.record, name)) return textOf(row.record[name], sourceOf(row, [name]))
  const path = name.split('.')
  let value: unknown = row.record
  for (const key of path) {
    if (value === null) return ''
    if (typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return textOf(value, sourceOf(row, path))
}

/** The user's own text of a value, asked for only where the parsed value may differ from it. */
export function sourceOf(row: Row, path: readonly string[]): () => string | undefined {
  return () =>
    path.reduce<string | undefined>(
      (json, key) => (json?.startsWith('{') ? sliceProperty(json, key) : undefined),
      row.json,
    )
}

/** A value as text; numbers, objects and lists by their source, where there is one. */
export function textOf(value: unknown, source: () => string | undefined): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  // Numbers beyond 2^53 and the order of keys survive only in the source; a list has no source of its own parts.
  const json = source() ?? JSON.stringify(value)
  // A row from memory may hold what becomes text in JSON, such as a date.
  return json.startsWith('"') ? (JSON.parse(json) as string) : json
}
