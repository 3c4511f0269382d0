/**
 * What became of a request. `succeeded` is a usable answer; `refused`, `truncated` and `invalid` are answers that
 * were paid for and cannot be used as they are; `missing` means that the provider returned no line for it.
 */
export const OUTCOME_STATUSES = [
  'succeeded',
  'failed',
  'expired',
  'cancelled',
  'refused',
  'truncated',
  'invalid',
  'missing',
] as const

export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number]

/** Billing of a request by the provider, as far as its answer proves it. */
export type Billed = 'yes' | 'no' | 'unknown'

/** Tokens as the provider counted them. A number that the provider did not give is null, never zero. */
export interface Usage {
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  readonly cachedTokens: number | null
  readonly reasoningTokens: number | null
  /** Input tokens that the provider wrote to its cache, where writing has a price of its own. @default none is known */
  readonly cacheWriteTokens?: number | null
  /** Those of them that it keeps for an hour, which costs more. @default none */
  readonly hourWriteTokens?: number | null
}

/** The result of one request in one attempt. */
export interface Outcome {
  readonly status: OutcomeStatus
  /** A machine-readable word: the provider's error code, or one of ours such as `bad_shape`; null for success. */
  readonly code: string | null
  /** The provider's words or ours, cleaned and capped; null for success. */
  readonly reason: string | null
  readonly billed: Billed
  /**
   * True where the same request may succeed later (429, 5xx, expired). Whether it is sent again is decided by
   * triage, which also looks at `billed` and at the attempts left.
   */
  readonly retryable: boolean
  /**
   * True where the cause lies with the account (no credit, key revoked), not with this row: the run is held.
   */
  readonly accountProblem: boolean
  /** True for a refusal of what this one row says; other rows may fare better. */
  readonly contentProblem: boolean
  /** The answer's text, or its JSON text for endpoints without one; null where there is no answer. */
  readonly output: string | null
  /** True where `output` is JSON text: a vector, a verdict, or the list of several answers to one request. */
  readonly isJson: boolean
  readonly finishReason: string | null
  readonly usage: Usage | null
  /** The model that answered, as the provider names it (often a dated snapshot). */
  readonly model: string | null
}

/** The code of an answer that was collected, and whose raw line was damaged since. */
export const DAMAGED_LINE = 'damaged_line'

/** An outcome without answer, usage or model: everything but the given parts is empty. */
export function emptyOutcome(
  parts: Pick<Outcome, 'status' | 'code' | 'reason' | 'billed'> & Partial<Outcome>,
): Outcome {
  return {
    retryable: false,
    accountProblem: false,
    contentProblem: false,
    output: null,
    isJson: false,
    finishReason: null,
    usage: null,
    model: null,
    ...parts,
  }
}
