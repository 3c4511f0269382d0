import type { Target } from './target.ts'

/** One request as it leaves the request room: a body for a target, belonging to a row. */
export interface PreparedRequest {
  /** Position among all requests of the run, from 0; also what its wire id carries. */
  readonly ordinal: number
  /** The row it answers, from 0. */
  readonly row: number
  readonly target: Target
  /** The request body as JSON text, exactly as it will be sent. */
  readonly body: string
}

/** Where a planned request's encoded line lies in its batch's first input file. */
export interface PlannedRequest {
  readonly ordinal: number
  /** The row it answers, or null where the run knows that already because the request was planned before. */
  readonly row: number | null
  /** Byte offset of the line in the input file. */
  readonly offset: number
  /** Bytes of the line without its line feed. */
  readonly length: number
}
