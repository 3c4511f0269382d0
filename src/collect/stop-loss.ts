import { isTooMany, stopLossReason, type UniformFailure } from '../model/stop-loss.ts'
import type { AttemptRecord } from '../store/store.ts'
import type { CollectPorts } from './ports.ts'

/**
 * Stops the run where too many rows of a batch were refused with one code: the rows that were not sent yet would fare no
 * better. Recorded before the batch is settled, so that no crash in between forgets it; may be repeated.
 */
export async function stopLoss(
  { emit, isCancelling, settings, store }: CollectPorts,
  attempt: AttemptRecord,
  failure: UniformFailure | null,
): Promise<void> {
  if (failure === null || isCancelling || !isTooMany(failure, settings.stopLoss)) return
  if ((await store.record()).stopLoss !== null) return
  const stop = { ...failure, batch: attempt.batch }
  await store.setStopLoss({ state: 'stopped', ...stop })
  emit({ type: 'warning', code: 'stop_loss', message: stopLossReason(stop), batch: attempt.batch })
}
