import { sliceProperty } from '../lib/json-slice.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Row } from '../model/row.ts'

/** A template that was read once and is filled for every row. */
export interface Template {
  /** The names between its braces, in order, duplicates kept. */
  readonly placeholders: readonly string[]
  fill(row: Row): Filled
}

/** A filled template; where names are missing, its text means nothing. */
export interface Filled {
  readonly text: string
  /** Placeholders that the row has no column for. */
  readonly missing: readonly string[]
  /** True where there are placeholders and all of them are empty. */
  readonly isEmpty: boolean
}

/** Text as it stands, or a name to be filled in. */
type Part = { readonly text: string } | { readonly name: string }

const PLACEHOLDER = /\\\{\{|\{\{/g

/**
 * Reads a template. `{{name}}` (spaces inside the braces do not count) is the column of exactly this name, else a path
 * such as `customer.name` or `tags.0`. `\{{` stands for two braces as they are. An absent column is missing, null is
 * empty, text is itself; numbers, true, false, objects and lists are their JSON, as the user wrote it. What was filled
 * in is never read as a template again.
 * @throws LlmBatchError `usage` where braces are not closed or hold no name
 */
export function compileTemplate(template: string): Template {
  const parts = partsOf(template)
  const placeholders = parts.flatMap((part) => ('name' in part ? [part.name] : []))
  return { placeholders, fill: (row) => fill(parts, row) }
}

function partsOf(template: string): readonly Part[] {
  const parts: Part[] = []
  let at = 0
  for (const match of template.matchAll(PLACEHOLDER)) {
    // Braces inside a placeholder that was read already.
    if (match.index < at) continue
    parts.push({ text: template.slice(at, match.index) })
    if (match[0] !== '{{') {
      parts.push({ text: '{{' })
      at = match.index + match[0].length
      continue
    }
    const end = template.indexOf('}}', match.index)
    if (end < 0) throw templateError(template, match.index, 'is not closed by }}')
    const name = template.slice(match.index + 2, end).trim()
    if (name === '') throw templateError(template, match.index, 'holds no name')
    parts.push({ name })
    at = end + 2
  }
  return [...parts, { text: template.slice(at) }]
}

function templateError(template: string, at: number, what: string): LlmBatchError {
  return new LlmBatchError('usage', `the placeholder at "${template.slice(at, at + 20)}" in the prompt ${what}`, {
    next: 'Write {{column}}, or \\{{ for two braces as they are.',
  })
}

function fill(parts: readonly Part[], row: Row): Filled {
  const missing: string[] = []
  let text = ''
  let placeholders = 0
  let filled = 0
  for (const part of parts) {
    if ('text' in part) {
      text += part.text
      continue
    }
    const value = valueText(row, part.name)
    placeholders += 1
    if (value === undefined) missing.push(part.name)
    else {
      text += value
      if (value.trim() !== '') filled += 1
    }
  }
  return { text, missing, isEmpty: placeholders > 0 && filled === 0 && missing.length === 0 }
}

/** What a placeholder, or a column, stands for in this row; undefined where there is no such column. */
export function valueText(row: Row, name: string): string | undefined {
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
function sourceOf(row: Row, path: readonly string[]): () => string | undefined {
  return () =>
    path.reduce<string | undefined>(
      (json, key) => (json?.startsWith('{') ? sliceProperty(json, key) : undefined),
      row.json,
    )
}

function textOf(value: unknown, source: () => string | undefined): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  // Numbers beyond 2^53 and the order of keys survive only in the source; a list has no source of its own parts.
  const json = source() ?? JSON.stringify(value)
  // A row from memory may hold what becomes text in JSON, such as a date.
  return json.startsWith('"') ? (JSON.parse(json) as string) : json
}
