import { giveUpResults } from '../collect/give-up.ts'
import { LlmBatchError } from '../model/error.ts'
import { ProviderError } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/store.ts'
import type { RunContext } from '../workspace/context.ts'
import { release } from './release.ts'

/**
 * Turns a run to cancelling: what was not sent is given up, what is held is taken up again so that it can be cancelled
 * and harvested. A batch whose results the provider no longer has is settled as missing, so that `retry --status missing`
 * can buy it again.
 */
export async function enterCancelling(context: RunContext): Promise<void> {
  const { store } = context
  const { state } = await store.record()
  if (state !== 'cancelling') await store.moveRun('cancelling')
  for (const attempt of await store.currentAttempts()) {
    if (attempt.stage === 'held' && GONE_CODES.includes(attempt.reasonCode)) await giveUpResults(context, attempt)
  }
  await release(context)
  await store.cancelUnsent()
}

/** Reasons of batches whose results will not come any more; looking again would only hold them again. */
const GONE_CODES: readonly (string | null)[] = ['lost_at_provider', 'results_gone']

/**
 * Asks the provider to cancel a batch that is still at work there. Only a wish, repeated with every look until the
 * provider shows that it was heard; what was finished by then is harvested as usual.
 */
export async function cancelRemote(context: RunContext, attempt: AttemptRecord, signal: AbortSignal): Promise<void> {
  const isAtWork = attempt.stage === 'submitted' && attempt.remoteStatus !== 'cancelling' && attempt.endedAt === null
  if (!isAtWork || attempt.remoteId === null) return
  try {
    await context.provider.cancel(attempt.remoteId, signal)
  } catch (error) {
    // The race with completion is lost often enough (F69); the look that follows tells what is true.
    if (!(error instanceof ProviderError)) throw error
    context.emit({
      type: 'warning',
      code: 'cancel_not_confirmed',
      message: `cancelling batch ${attempt.batch} was not confirmed: ${error.message}`,
      batch: attempt.batch,
    })
  }
}

/** Throws when a run can no longer be cancelled. */
export function assertCancellable(state: string, id: string): void {
  if (state === 'completed' || state === 'cancelled') {
    throw new LlmBatchError('usage', `run ${id} is ${state}; there is nothing left to cancel`)
  }
}
