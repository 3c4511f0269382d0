import type { CancelCause } from './run.ts'

/**
 * The round of the loop that a step runs in: the loop owns what is in it, steps only ask.
 *
 * A cancellation may come while a step is under way. Therefore a step asks `cancelledBy` at the point where something is
 * bought, sent again or given up, and keeps no answer from before a call. What a step has planned a moment before the
 * cancellation came is given up by the loop: in every round, and once more after the last step has ended.
 */
export interface Round {
  /** Aborted where driving is to stop; nothing is cancelled at the provider by that. */
  readonly signal: AbortSignal
  /** True while a batch waits for room in a queue, so that the ends of others are looked for more often. */
  readonly isShortOfRoom: boolean
  /** Who wants the run cancelled by now; null where it goes on. Asked anew each time, because it may change meanwhile. */
  cancelledBy(): CancelCause | null
}
