import type { Billed, OutcomeStatus } from './outcome.ts'
import type { RequestState } from './tally.ts'

/** Which requests are to be sent again, and how. */
export interface Reopening {
  readonly statuses: readonly OutcomeStatus[]
  readonly billed: readonly Billed[]
  /** The most tokens of each new answer; null for the limit they had. */
  readonly maxTokens: number | null
  /** The newest batch when it was asked for: what a later one holds was sent again already. */
  readonly upToBatch: number
  /** What this batch and older ones hold is left as it is. @default 0 */
  readonly afterBatch?: number
}

/** True where requests that stand so, by what the batch with this number says of them, are to be sent again. */
export function isReopened(
  { afterBatch = 0, billed, statuses, upToBatch }: Reopening,
  request: { readonly state: RequestState; readonly billed: Billed },
  batchNumber: number,
): boolean {
  const isChosen = statuses.some((status) => status === request.state) && billed.includes(request.billed)
  return isChosen && batchNumber <= upToBatch && batchNumber > afterBatch
}
