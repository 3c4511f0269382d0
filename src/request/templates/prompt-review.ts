import { nearMatches } from '../../lib/near-match.ts'
import { LlmBatchError } from '../../model/error.ts'
import { mention } from '../../model/options/mention.ts'
import type { OptionName } from '../../model/options/options.ts'
import type { Row } from '../../model/row.ts'
import type { RunDefinition } from '../../model/run.ts'
import { templatesOf } from '../messages/turns.ts'
import { columnText } from './column-text.ts'
import type { CompileTemplate } from './template-compiler.ts'

/** Findings about the prompt of an input as a whole, before any request is made. */
export interface PromptReview {
  /**
   * True where no template names a column, so that every row is asked the same, and the user did not say that this is meant.
   */
  readonly isConstant: boolean
  /** Sentences for people. */
  readonly warnings: readonly string[]
}

/** The part of a run's definition that names columns. */
type Naming = Pick<
  RunDefinition,
  | 'shape'
  | 'prompt'
  | 'system'
  | 'messages'
  | 'messagesColumn'
  | 'imageColumns'
  | 'textColumn'
  | 'suffixColumn'
  | 'idColumn'
  | 'skipInvalid'
>

/** Rows that are looked at: a column that none of them has does not exist in the input. */
const LOOKED_AT_ROWS = 50

/** Columns that are listed where one is missing. */
const LISTED_COLUMNS = 20

/** Something that asks for a column which no row has. */
interface Absent {
  readonly what: string
  readonly column: string
  /** A column's name as it is written in this place. */
  readonly written: (column: string) => string
}

const asFlag = (column: string): string => column
const asPlaceholder = (column: string): string => `{{${column}}}`

/**
 * Looks at the templates and the columns that were named, beside the first rows, so that a mistake which concerns every
 * row is said once. With `skipInvalid` an absent column is a warning, since later rows may have it. `mayBeConstant`: a
 * prompt without placeholders is meant, or a function makes the prompts.
 * @throws LlmBatchError `usage` for a column that none of the first rows has
 */
export function reviewPrompt(
  naming: Naming,
  { compile, mayBeConstant, rows }: { compile: CompileTemplate; mayBeConstant: boolean; rows: readonly Row[] },
): PromptReview {
  const looked = rows.slice(0, LOOKED_AT_ROWS)
  const columns = [...new Set(looked.flatMap(({ record }) => Object.keys(record)))]
  const absent = looked.length === 0 ? [] : absentColumns(naming, compile, looked)
  const [first] = absent
  if (first && !naming.skipInvalid) throw absentError(first, columns)
  const isConstant = !mayBeConstant && asksTheSame(naming, compile)
  const single = singleBraces(naming, columns)
  return {
    isConstant,
    warnings: [
      ...absent.map((one) => `${absentText(one, columns)}. ${meantText(one, columns)}`),
      ...(isConstant ? [constantText(single, columns)] : single.map(singleText)),
    ],
  }
}

function absentColumns(naming: Naming, compile: CompileTemplate, rows: readonly Row[]): readonly Absent[] {
  return [
    ...namedColumns(naming).filter(({ column, hasPaths }) =>
      rows.every((row) => (hasPaths ? columnText(row, column) === undefined : !Object.hasOwn(row.record, column))),
    ),
    ...Object.entries(usedTemplates(naming)).flatMap(([what, text]) => {
      const template = compile(text, what)
      const missing = rows.map((row) => new Set(template.fill(row).missing))
      return [...(missing[0] ?? [])]
        .filter((column) => missing.every((names) => names.has(column)))
        .map((column) => ({ what: `${what} asks for {{${column}}}`, column, written: asPlaceholder }))
    }),
  ]
}

/** The templates that are filled: lines that carry their own messages have a system message at most. */
function usedTemplates(naming: Naming): Readonly<Record<string, string>> {
  return naming.shape === 'provider' ? {} : templatesOf(naming)
}

function namedColumns(naming: Naming): readonly (Absent & { readonly hasPaths: boolean })[] {
  const named = (option: OptionName, column: string | null, hasPaths: boolean): (Absent & { hasPaths: boolean })[] =>
    column === null ? [] : [{ what: `${mention(option)} names "${column}"`, column, written: asFlag, hasPaths }]
  const { idColumn, imageColumns, messagesColumn, suffixColumn, textColumn } = naming
  return [
    ...named('idColumn', idColumn, false),
    ...named('textColumn', textColumn, true),
    ...named('suffixColumn', suffixColumn, true),
    ...named('messagesColumn', messagesColumn, false),
    ...imageColumns.flatMap((column) => named('imageColumn', column, false)),
  ]
}

function absentError(absent: Absent, columns: readonly string[]): LlmBatchError {
  return new LlmBatchError('usage', absentText(absent, columns), { next: meantText(absent, columns) })
}

function absentText({ column, what }: Absent, columns: readonly string[]): string {
  const more = columns.length > LISTED_COLUMNS ? ', …' : ''
  const there =
    columns.length === 0 ? 'there are no columns' : `the columns are: ${columns.slice(0, LISTED_COLUMNS).join(', ')}`
  return `${what}, and the rows have no column "${column}"; ${there}${more}`
}

function meantText({ column, written }: Absent, columns: readonly string[]): string {
  const near = nearMatches(column, columns).map(written)
  return near.length === 0 ? 'Name a column of the input.' : `Did you mean ${near.join(' or ')}?`
}

/** True where requests are made from templates, and neither these nor anything beside them differ by row. */
function asksTheSame(naming: Naming, compile: CompileTemplate): boolean {
  const { imageColumns, messages, messagesColumn, prompt, shape, suffixColumn, textColumn } = naming
  if (shape !== 'records' || (prompt === null && messages === null)) return false
  if (imageColumns.length > 0 || [messagesColumn, suffixColumn, textColumn].some((column) => column !== null)) {
    return false
  }
  return Object.entries(templatesOf(naming)).every(([what, text]) => compile(text, what).placeholders.length === 0)
}

/** A column's name in single braces, which is not a placeholder. */
interface SingleBraces {
  readonly written: string
  readonly column: string
  readonly what: string
}

function singleBraces(naming: Naming, columns: readonly string[]): readonly SingleBraces[] {
  return Object.entries(usedTemplates(naming)).flatMap(([what, text]) =>
    [...text.replaceAll(/\{\{[^]*?\}\}|\{%[^]*?%\}/g, ' ').matchAll(/\{ *([^{}"\n]+?) *\}/g)].flatMap(
      ([written, name]) => {
        const column = columns.find((one) => one.toLowerCase() === name?.toLowerCase())
        return column === undefined ? [] : [{ written, column, what }]
      },
    ),
  )
}

function singleText({ column, what, written }: SingleBraces): string {
  return `${written} in ${what} is sent as it is; did you mean {{${column}}}?`
}

function constantText([single]: readonly SingleBraces[], columns: readonly string[]): string {
  const same = 'the prompt has no placeholder, so every row is asked the same'
  if (single) return `${same}; ${single.written} is sent as it is: did you mean {{${single.column}}}?`
  const [column] = columns
  return column === undefined ? same : `${same}; write a column as {{column}}, such as {{${column}}}`
}
