/** Why a request of a batch was never executed, in the words of result files. */
export const NEVER_EXECUTED = {
  batch_expired: 'This request could not be executed before the completion window expired.',
  batch_cancelled: 'This request was not executed because the batch was cancelled.',
} as const
