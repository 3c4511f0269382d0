/**
 * Kind of a call's failure; the reaction follows from it.
 *
 * - `unreached`: the connection was never established, nothing was sent.
 * - `transport`: lost, reset, timed out; a write may have taken effect.
 * - `throttled`: 429. `server`: 408, 409, 5xx. `shape`: an answer that is not the API's own (HTML, half JSON).
 * - `unauthorised`: 401. `forbidden`: 403, or 402. `absent`: 404, or a create whose input the provider does not see.
 * - `too_large`: an input that is larger than the provider takes.
 * - `refused`: any other 4xx with the API's own JSON.
 */
export type FailureKind =
  | 'unreached'
  | 'transport'
  | 'throttled'
  | 'server'
  | 'shape'
  | 'unauthorised'
  | 'forbidden'
  | 'absent'
  | 'too_large'
  | 'refused'

/** Facts of a failed call; the text is the provider's, cleaned, capped and with secrets masked. */
export interface Failure {
  readonly kind: FailureKind
  readonly message: string
  /** HTTP status, or null where no answer came. */
  readonly status: number | null
  /** The provider's own error code. */
  readonly code: string | null
  readonly requestId: string | null
  /** How long the provider asked us to wait. */
  readonly retryAfterMs: number | null
}

/** A failure that no HTTP answer tells of, or none that matters. */
export function unanswered(kind: FailureKind, message: string, code: string | null = null): Failure {
  return { kind, message, status: null, code, requestId: null, retryAfterMs: null }
}

/** Calls that differ in how a failure is answered. */
export type Call = 'upload' | 'create' | 'read' | 'download'

/**
 * Reaction of a stage to a failed call.
 *
 * - `wait`: keep the state and try the same again later; no local deadline ever turns this into a new create.
 * - `hold_run`: the key, the project or the account; nothing else would fare better.
 * - `hold_batch`: this batch needs a person, others may go on.
 * - `split`: the input file is too large for what stands between us and the provider.
 */
export type Reaction = 'wait' | 'hold_run' | 'hold_batch' | 'split'

/** The reaction to a failed call, from the table of faults; creates have been judged before (not created, unknown). */
export function reactionTo(failure: Failure, call: Call): Reaction {
  switch (failure.kind) {
    case 'unreached':
    case 'transport':
    case 'throttled':
    case 'server':
    case 'shape':
      return 'wait'
    case 'unauthorised':
    case 'forbidden':
      return 'hold_run'
    case 'absent':
      return call === 'upload' ? 'hold_run' : 'wait'
    case 'too_large':
      return call === 'upload' ? 'split' : 'hold_batch'
    case 'refused':
      return 'hold_batch'
    default:
      return failure.kind satisfies never
  }
}
