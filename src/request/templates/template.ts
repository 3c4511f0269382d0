import { LlmBatchError } from '../../model/error.ts'
import type { Row } from '../../model/row.ts'
import { columnText } from './column-text.ts'

/** A template that was read once and is filled for every row. */
export interface Template {
  /** The columns it asks for, in order, duplicates kept. */
  readonly placeholders: readonly string[]
  fill(row: Row): Filled
}

/** A filled template; where names are missing or it failed, its text means nothing. */
export interface Filled {
  readonly text: string
  /** Placeholders that the row has no column for. */
  readonly missing: readonly string[]
  /** Why the template cannot be filled from this row, where that is not a missing column. */
  readonly failure?: string
  /** True where there are placeholders and all of them are empty. */
  readonly isEmpty: boolean
}

/** Text as it stands, or a name to be filled in. */
type Part = { readonly text: string } | { readonly name: string }

const PLACEHOLDER = /\\\{\{|\{\{/g

/**
 * True for a template that needs no more than this file: no tag `{% %}`, and no filter behind a `|` in its braces.
 */
export function isPlainTemplate(template: string): boolean {
  if (template.includes('{%')) return false
  if (!template.includes('|')) return true
  return [...template.matchAll(/(?<!\\)\{\{(?:(?!\}\})[^])*/g)].every(([inner]) => !inner.includes('|'))
}

/**
 * Reads a plain template. `{{name}}` (spaces inside the braces do not count) is the column of exactly this name, else a
 * path such as `customer.name` or `tags.0`. `\{{` stands for two literal braces. An absent column is missing; what
 * the others become says `columnText`. What was filled in is never read as a template again.
 * @throws LlmBatchError `usage` where braces are not closed or hold no name; `what` names the template
 */
export function compileTemplate(template: string, what = 'the prompt'): Template {
  const parts = partsOf(template, what)
  const placeholders = parts.flatMap((part) => ('name' in part ? [part.name] : []))
  return { placeholders, fill: (row) => fill(parts, row) }
}

function partsOf(template: string, what: string): readonly Part[] {
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
    if (end < 0) throw templateError(template, match.index, `in ${what} is not closed by }}`)
    const name = template.slice(match.index + 2, end).trim()
    if (name === '') throw templateError(template, match.index, `in ${what} has no name`)
    parts.push({ name })
    at = end + 2
  }
  return [...parts, { text: template.slice(at) }]
}

function templateError(template: string, at: number, flaw: string): LlmBatchError {
  return new LlmBatchError('usage', `the placeholder at "${template.slice(at, at + 20)}" ${flaw}`, {
    next: 'Write {{column}}, or \\{{ for two literal braces.',
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
    const value = columnText(row, part.name)
    placeholders += 1
    if (value === undefined) missing.push(part.name)
    else {
      text += value
      if (value.trim() !== '') filled += 1
    }
  }
  return { text, missing, isEmpty: placeholders > 0 && filled === 0 && missing.length === 0 }
}
