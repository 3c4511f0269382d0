import type { AnswerNote } from './answer.ts'
import type { BatchKind } from './batch.ts'
import type { Column } from './column.ts'
import type { Outcome } from './outcome.ts'
import type { Problem } from './problem.ts'
import type { Target } from './target.ts'

/** One record of the user's input. */
export interface Row {
  /** The 1-based line (or record, for formats without lines) in the user's input. */
  readonly line: number
  /** The record as a JSON object on one line; the user's own bytes where the input was JSON. */
  readonly json: string
  /** The same record, parsed. */
  readonly record: Readonly<Record<string, unknown>>
  /** The columns of its file, one list for all its rows; absent where every row has columns of its own. */
  readonly columns?: readonly Column[]
  /** The file it stands in, as the user gave it; absent where the input is no more than one. */
  readonly file?: string
}

/** A row of a reader, or a mistake in that piece of the input: a row, or what was wrong with that piece of the input. */
export type ReadRow = { readonly row: Row } | { readonly problem: Problem }

/** A frozen row with its final or present outcome, in input order; what answers files are written from. */
export interface RowOutcome {
  /** Position among the rows of the run, from 0. */
  readonly ordinal: number
  readonly line: number
  /** The file that the row stands in, as the user gave it; null where the input is no more than one. */
  readonly source: string | null
  /** The user's own id, or null where none was given. */
  readonly id: string | null
  /** The frozen record as JSON text; `{}` where the row could not be read as an object. */
  readonly json: string
  /** What was wrong with the row, where it was skipped for that. */
  readonly problem: Problem | null
  /** Its request's result, or null while there is none. */
  readonly result: SettledResult | null
}

/** The result that a row's request ended with, and where its raw line lies. */
export interface SettledResult {
  readonly outcome: Outcome
  /** Where it was sent. */
  readonly target: Target
  /** How it was sent, and so by which price it was bought. */
  readonly kind: BatchKind
  /**
   * Who it was bought for: this row; an `earlier` row of the run, whose request this one shares; `another_run` that it was
   * carried over from. Only the first has a cost here, and tokens.
   */
  readonly boughtFor: 'this_row' | 'earlier_row' | 'another_run'
  /** Number of tries that the row took, from 1, over all its questions; 0 where another run has made them. */
  readonly tries: number
  /** The raw result line as the provider wrote it, or null where it wrote none. */
  readonly rawLine: string | null
  /** The wire id under which it was sent, as it stands in the raw line. */
  readonly wireId: string
  /** The answer where it follows a schema and fits; null for text, and for what does not fit. */
  readonly structured: StructuredAnswer | null
  /** The other questions of a row that was asked again, in the order they were asked; empty for most rows. */
  readonly others: readonly OtherQuestion[]
}

/** An answer read by the schema of its run. */
export interface StructuredAnswer {
  readonly value: unknown
  /** Its JSON text on one line. */
  readonly json: string
  /** What had to be overlooked to read it. */
  readonly note: AnswerNote | null
}

/** A question beside the one whose answer counts. */
export type OtherQuestion = Pick<SettledResult, 'outcome' | 'target' | 'kind' | 'boughtFor'>
