import type { Reason } from './reason.ts'

/** Result of one step of a batch. Everything else it learnt is in the store. */
export type Step =
  | { readonly did: 'moved' }
  /** Nothing changed but the instant of the next try. */
  | { readonly did: 'waited' }
  /** The input file is too large for what stands between us and the provider; it must be cut again. */
  | { readonly did: 'too_large' }
  /** A create without an answer has as many requests, and the two could not be told apart: it must be cut smaller. */
  | { readonly did: 'same_count' }
  /** The batch takes too large a part of the provider's queue; its requests go into smaller ones. */
  | { readonly did: 'too_large_for_queue' }
  /** The batch was refused as a whole, unbilled, because the provider's queue is full (its `words`): its requests later. */
  | { readonly did: 'nothing_ran'; readonly words: string; readonly limitTokens: number | null }
  /** Nothing of this run would fare better: a person must look at the key, the account or the disk. */
  | { readonly did: 'must_hold_run'; readonly reason: Reason }

export const MOVED: Step = { did: 'moved' }
export const WAITED: Step = { did: 'waited' }
