/** Rows of one batch that the API refused with one code. */
export interface UniformFailure {
  readonly code: string
  /** The provider's words for one of them. */
  readonly example: string
  readonly failed: number
  /** All requests of the batch. */
  readonly requests: number
}

/** State of a run with failures that look alike; kept with the run, so that every way of going on knows it. */
export type StopLoss =
  /** Nothing more is sent until a person decides. */
  | ({ readonly state: 'stopped'; readonly batch: number } & UniformFailure)
  /** A person has decided: failures do not stop this run any more. */
  | { readonly state: 'ignored' }

/** When failures are too many. */
export interface StopLossLimit {
  /** The share of a batch, from 0 to 1. */
  readonly share: number
  readonly leastRows: number
}

/** True where so many rows of a batch fail alike that the others would hardly fare better. */
export function isTooMany({ failed, requests }: UniformFailure, { leastRows, share }: StopLossLimit): boolean {
  return failed >= leastRows && failed > requests * share
}

/** A provider's words as a part of a sentence of ours. */
export function clauseOf(words: string): string {
  return words.replace(/[\s.]+$/, '')
}
