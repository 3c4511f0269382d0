import type { Failure } from './failure.ts'
import type { UniformFailure } from './stop-loss.ts'

/** Code and words of a provider; nothing of ours is ever steered by them. */
interface Said {
  readonly code: string | null
  readonly words: string
}

/** The reason why a listing cannot tell; `mute` are batches that are like ours and hold nothing that tells. */
export type Undecided =
  | { readonly is: 'unfenced' | 'without_input' }
  | { readonly is: 'unmarked'; readonly provider: string; readonly mute: readonly string[] }
  | { readonly is: 'key_forgotten' | 'unstoppable'; readonly provider: string }

/** A doubt whether a batch was created, and how far looking for it has come. */
type CreateDoubt =
  | { readonly found: 'unanswered'; readonly words: string }
  | { readonly found: 'interrupted' }
  | { readonly found: 'listing_inconclusive'; readonly doubt: string }
  | { readonly found: 'listing_of_another_account' }
  | { readonly found: 'not_listed'; readonly waitMs: number }
  /** Batches that are like it and still at work. */
  | { readonly found: 'likely'; readonly remoteIds: readonly string[] }
  /** The same create, sent again with the same key, was not answered clearly either. */
  | { readonly found: 'repeated'; readonly words: string }
  | { readonly found: 'listing_refused'; readonly provider: string; readonly doubt: string }
  | {
      readonly found: 'undecidable'
      readonly why: Undecided
      readonly requests: number
      /** What the requests cost, in words. */
      readonly cost: string
      readonly isCancelling: boolean
    }

/**
 * The reason why a batch waits or is held, or a run rests: a kind with its figures, stored as JSON. The command and the
 * library put it in words, each with its own names of options.
 */
export type Reason =
  // Of a run.
  | { readonly kind: 'stopped' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'deadline_came' }
  | { readonly kind: 'batch_held'; readonly batch: number; readonly why: Reason | null; readonly others: number }
  | ({ readonly kind: 'stop_loss'; readonly batch: number } & UniformFailure)
  | { readonly kind: 'disk_refused'; readonly words: string }
  /** Of a tail: so many of its calls may have been executed, and were not answered. */
  | { readonly kind: 'calls_unclear'; readonly calls: number; readonly provider: string }
  | { readonly kind: 'work_unlisted'; readonly run: string; readonly provider: string; readonly doubt: string }
  | {
      readonly kind: 'no_batch_api'
      readonly provider: string
      readonly baseUrl: string
      readonly words: string
      /** The environment variable that holds the URL, and the provider's own. */
      readonly variable: string
      readonly defaultBaseUrl: string
    }
  // Of a batch: what a provider said, or a call to it met.
  | ({ readonly kind: 'call_failed' } & Said)
  | ({ readonly kind: 'provider_said' } & Said)
  | ({ readonly kind: 'batch_refused' } & Said)
  | { readonly kind: 'account_problem'; readonly words: string }
  // Of a batch that was not created, or perhaps was.
  | ({ readonly kind: 'create_unknown' } & CreateDoubt)
  | { readonly kind: 'creates_vanished'; readonly creates: number }
  | { readonly kind: 'same_content'; readonly run: string; readonly provider: string; readonly remoteId: string }
  | { readonly kind: 'work_unseen'; readonly doubt: string }
  | { readonly kind: 'request_too_large' }
  // Of a batch that waits for room or money.
  | { readonly kind: 'queue_full'; readonly words: string }
  /** A create without an answer has as many requests, and the two could not be told apart. */
  | { readonly kind: 'same_count'; readonly words: string }
  | {
      readonly kind: 'queue_stuck'
      readonly provider: string
      readonly model: string
      readonly refusals: number
      readonly words: string
    }
  | BudgetReason
  // Of a batch whose results are missing, too large or of no use.
  | { readonly kind: 'lost_at_provider'; readonly provider: string; readonly remoteId: string }
  | { readonly kind: 'results_gone'; readonly words: string }
  | { readonly kind: 'results_too_large'; readonly provider: string; readonly words: string }
  | { readonly kind: 'no_results'; readonly provider: string }
  | { readonly kind: 'fetched_again'; readonly missing: number }
  | { readonly kind: 'refused_repeatedly'; readonly tries: number }
  | ({ readonly kind: 'canary_refused'; readonly refused: number; readonly asked: number } & Pick<
      UniformFailure,
      'code' | 'example' | 'failed'
    >)
  | {
      readonly kind: 'canary_unusable'
      readonly asked: number
      /** How many answers ended how. */
      readonly counts: Readonly<Record<string, number>>
    }
  | { readonly kind: 'unexpected_error'; readonly words: string }

/** The reason why a call must not be paid for now. Amounts are micro-dollars. */
export type BudgetReason =
  | {
      readonly kind: 'over_budget' | 'over_day_budget'
      /** What asks to be paid for, such as `batch 3`. */
      readonly what: string
      readonly micros: number
      readonly cap: number
      readonly settled: number
      readonly reserved: number
      /** True while batches in flight may turn out cheaper and leave room. */
      readonly mayFitLater: boolean
    }
  | {
      readonly kind: 'price_unknown'
      readonly what: string
      /** Earlier calls that were paid at an unknown price; null where the price of this one is unknown. */
      readonly calls: number | null
      readonly cap: 'over_budget' | 'over_day_budget'
    }

/**
 * The code of a reason by which our own machine steers, never a provider's. Besides the kinds: `throttled` is a create that
 * was answered with "not now", `creates_let_go_on` one more create that a person has allowed.
 */
export type ReasonCode = Reason['kind'] | 'throttled' | 'creates_let_go_on'

/** The two columns of an attempt that say why, always set together. */
interface Because {
  readonly reasonCode: ReasonCode | null
  readonly reason: Reason | null
}

/** Why an attempt waits or is held, for its record. @default code: the kind of the reason */
export function because(reason: Reason, code: ReasonCode = reason.kind): Because {
  return { reasonCode: code, reason }
}

/** Why something waits or is held whose call failed. */
export function callFailed({ code, message }: Failure): Reason {
  return { kind: 'call_failed', code, words: message }
}

/** Batches of which a person was told that one of them may be the one whose create is in doubt. */
export function namedBatches(reason: Reason | null): readonly string[] {
  const isUndecidable = reason?.kind === 'create_unknown' && reason.found === 'undecidable'
  return isUndecidable && reason.why.is === 'unmarked' ? reason.why.mute : []
}

/** Nothing is waited for. */
export const NO_REASON: Because = { reasonCode: null, reason: null }

/** Puts a reason in the words of the command, or in those of the library. */
export type TellReason = (reason: Reason) => string
