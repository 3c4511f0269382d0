import type { TerminalStatus } from '../model/attempt.ts'
import { type Billed, emptyOutcome, type Outcome } from '../model/outcome.ts'
import type { CancelCause } from '../model/run.ts'

/** Facts for the decision about a request. */
export interface TriageFacts {
  /** Tries that counted before this one. */
  readonly tries: number
  readonly maxTries: number
  readonly isCancelling: boolean
}

export interface Verdict {
  readonly verdict: 'final' | 'again'
  readonly countsAsTry: boolean
}

/**
 * Whether a request is sent again by itself: only when its outcome can be another one next time, was certainly not
 * billed, and tries are left. What may have been billed is bought again only when the user asks for it. An account
 * problem is not the row's fault and costs no try; the run is held until it is mended.
 */
export function triage(outcome: Outcome, facts: TriageFacts): Verdict {
  if (outcome.billed !== 'no' || facts.isCancelling) return { verdict: 'final', countsAsTry: true }
  if (outcome.accountProblem) return { verdict: 'again', countsAsTry: false }
  const hasTriesLeft = facts.tries + 1 < facts.maxTries
  return { verdict: outcome.retryable && hasTriesLeft ? 'again' : 'final', countsAsTry: true }
}

/** The outcome of a request that the cancellation of its run has left without an answer. */
export function cancelledOutcome(cause: CancelCause, billed: Billed): Outcome {
  const what = cause === 'deadline' ? 'the deadline of the run came' : 'the run was cancelled'
  return emptyOutcome({
    status: 'cancelled',
    code: `cancelled_by_${cause}`,
    reason: `${what} before this request was answered`,
    billed,
  })
}

/** The outcome of a request that stands in neither result file of a batch that ended with this status. */
export function absentOutcome(
  status: TerminalStatus,
  absentRowIsUnbilled: readonly TerminalStatus[],
  cancelCause: CancelCause | null,
): Outcome {
  const isUnbilled = absentRowIsUnbilled.includes(status)
  if (status === 'cancelled' && cancelCause !== null)
    return cancelledOutcome(cancelCause, isUnbilled ? 'no' : 'unknown')
  return emptyOutcome({
    status: 'missing',
    code: 'missing',
    reason: `the provider returned no line for this request (batch ${status})`,
    billed: isUnbilled ? 'no' : 'unknown',
    retryable: isUnbilled,
  })
}
