import type { Billed, OutcomeStatus } from './outcome.ts'

/** Result of a request in one batch, and where its raw line lies in the result files of that batch. */
export interface RequestResult {
  readonly status: OutcomeStatus
  readonly code: string | null
  readonly reason: string | null
  readonly billed: Billed
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  readonly cachedTokens: number | null
  readonly reasoningTokens: number | null
  readonly cacheWriteTokens?: number | null
  readonly hourWriteTokens?: number | null
  readonly model: string | null
  readonly file: 'output' | 'error' | null
  readonly offset: number | null
  readonly length: number | null
  /** CRC-32 of the bytes of that line, by which damage of it is seen where it is read. */
  readonly crc32: number | null
  /** What the request becomes: this result is final, or it is sent again. */
  readonly verdict: 'final' | 'again'
  /** False where the try does not count against the tries of the request. */
  readonly countsAsTry: boolean
}
