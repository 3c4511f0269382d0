import type { Unanswered } from '../dialect.ts'

/** Why a request of a batch was never executed, in the words of result files. */
export const NEVER_EXECUTED = {
  batch_expired: 'This request could not be executed before the completion window expired.',
  batch_cancelled: 'This request was not executed because the batch was cancelled.',
} as const

/** Why a request has no answer, in the words of result files. */
export function whyUnanswered(reported: Unanswered): string {
  return 'message' in reported ? reported.message : NEVER_EXECUTED[reported.code]
}
