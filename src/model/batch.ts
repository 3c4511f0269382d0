/**
 * Manner of sending a batch. `batch`: as a file, at the batch price. `direct`: request by request in synchronous calls,
 * before anything is bought in batches; the canary. `carried`: never, because an earlier run has bought its answers.
 */
export type BatchKind = 'batch' | 'direct' | 'carried'

/** The requests of a planned batch in the order of their lines; an array of them is one. */
export interface PlannedRequests {
  readonly length: number
  at(index: number): PlannedRequest | undefined
  slice(start: number, end: number): readonly PlannedRequest[]
}

/** Range of a planned request's encoded line in its batch's first input file. */
export interface PlannedRequest {
  readonly ordinal: number
  /** The row it answers, or null where the run knows that already because the request was planned before. */
  readonly row: number | null
  /** The request in whose place it asks again; absent for all that do not. */
  readonly replaces?: number | undefined
  /** Byte offset of the line in the input file. */
  readonly offset: number
  /** Bytes of the line without its line feed. */
  readonly length: number
}
