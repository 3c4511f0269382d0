import type { ByteRange } from '../lib/byte-range.ts'
import type { Column } from '../model/column.ts'
import type { Problem } from '../model/problem.ts'
import type { RequestResult } from '../model/request-result.ts'
import type { BuiltRequest } from '../request/build-result.ts'

/** The part of a request that planning needs. */
export interface PlannableRequest extends Pick<BuiltRequest, 'target' | 'body' | 'mostOutputTokens'> {
  /** Tells it apart; see `Identities`. The hashes of batches and runs are made of it, so that a body is hashed once. */
  readonly identity: string
}

/** One row on its way to be frozen or counted. */
export interface PreparedRow {
  readonly line: number
  readonly id: string | null
  /** The record as JSON text; `{}` where the row is not an object. */
  readonly json: string
  readonly columns: RowColumns
  /** The file it stands in; null where the input is no more than one. */
  readonly file: string | null
  readonly problems: readonly Problem[]
  readonly request: PlannableRequest | null
  readonly hasEmptyPlaceholders: boolean
  /** What tells it and its request from others, where rows may be appended to the run. @default null */
  readonly content?: string
  /** Where its answer is from, where it need not be bought for this row. */
  readonly origin?: AnswerOrigin
}

/** An answer that need not be bought: of the request of an earlier row of the run, or of another run. */
export type AnswerOrigin =
  | { readonly from: 'row'; readonly request: number }
  | { readonly from: 'run'; readonly answer: KeptAnswer }

/** An answer that another run has bought, and where its raw line lies. */
export interface KeptAnswer {
  readonly place: ByteRange
  readonly result: RequestResult
}

/** Columns of the input as a row shows them: those of its file, or the names of its own. */
export interface RowColumns {
  readonly table: readonly Column[] | null
  readonly names: readonly string[]
}
