import { type ErrorCode, LlmBatchError } from '../model/error.ts'
import type { Failure } from '../model/failure.ts'
import type { ProviderError } from '../providers/provider.ts'

/**
 * Meaning of a failed step for the provider's side.
 *
 * - `refused`: nothing happened there, and the same call would be refused again.
 * - `failed`: nothing happened there that costs money; the same call may be tried again.
 * - `unknown`: a batch may exist. It must be looked for, never simply created again.
 */
export type StepOutcome = 'refused' | 'failed' | 'unknown'

/** A step that did not do what was asked: what `lastError` holds, and what is thrown with `throwOnError`. */
export class ProcessorError extends LlmBatchError {
  override readonly name = 'ProcessorError'
  readonly outcome: StepOutcome
  /** The provider's failure behind it: kind, HTTP status, its own code; null where none was asked. */
  readonly failure: Failure | null

  constructor(
    outcome: StepOutcome,
    code: ErrorCode,
    message: string,
    options: { readonly next?: string; readonly cause?: unknown; readonly failure?: Failure } = {},
  ) {
    super(code, message, options)
    this.outcome = outcome
    this.failure = options.failure ?? null
  }
}

/** A call to the provider that failed in the course of a step; `what` names the step and its thing. */
export function callError(error: ProviderError, what: string): ProcessorError {
  const { failure } = error
  const { outcome, next } = MEANINGS[failure.kind]
  const code = failure.kind === 'absent' ? 'not_found' : 'provider'
  return new ProcessorError(outcome, code, `${what} failed: ${failure.message}`, { next, cause: error, failure })
}

const AGAIN = { outcome: 'failed', next: 'Try the same step again later.' } as const

const MEANINGS: Readonly<Record<Failure['kind'], { readonly outcome: StepOutcome; readonly next: string }>> = {
  unreached: { outcome: 'failed', next: 'Check the network and the base URL, then try the same step again.' },
  transport: AGAIN,
  throttled: AGAIN,
  server: AGAIN,
  shape: AGAIN,
  unauthorised: { outcome: 'refused', next: 'Check the API key; every other step fails with it too.' },
  forbidden: { outcome: 'refused', next: 'Check what the key may do, its project, and whether the account can pay.' },
  absent: { outcome: 'refused', next: 'Check the id, and that the key belongs to the same project or workspace.' },
  too_large: { outcome: 'refused', next: 'Cut the tasks into smaller files, then try again.' },
  refused: { outcome: 'refused', next: 'Correct what the provider names, then try again.' },
}
