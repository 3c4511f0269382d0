import { type BatchRecord, isFinal, type Phase } from '../state/record.ts'

/** The batch as Anthropic shows it. There is no `failed`: a batch of bad requests ends like any other. */
export function batchObject(batch: BatchRecord, origin: string): Record<string, unknown> {
  const { createdAtMs, enteredAtMs, expiresAtMs, id, phase } = batch
  const hasEnded = isFinal(phase)
  return {
    id,
    type: 'message_batch',
    processing_status: hasEnded ? 'ended' : phase === 'cancelling' ? 'canceling' : 'in_progress',
    request_counts: countsOf(batch),
    created_at: instant(createdAtMs),
    expires_at: instant(expiresAtMs),
    ended_at: hasEnded ? instant(enteredAtMs[phase] ?? createdAtMs) : null,
    cancel_initiated_at: enteredAtMs.cancelling === undefined ? null : instant(enteredAtMs.cancelling),
    archived_at: null,
    results_url: hasEnded ? `${origin}/anthropic/v1/messages/batches/${id}/results` : null,
  }
}

/** All requests are in process until the whole batch has ended; the sum is always that of all requests. */
function countsOf({ failed, phase, succeeded, total }: BatchRecord): Record<string, number> {
  const none = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 }
  if (!isFinal(phase)) return { ...none, processing: total }
  if (phase === 'failed') return { ...none, errored: total }
  const rest = Math.max(0, total - succeeded - failed)
  return { ...none, succeeded, errored: failed, [restOf(phase)]: rest }
}

/** What became of requests that were never executed. */
function restOf(phase: Phase): 'canceled' | 'expired' {
  return phase === 'cancelled' ? 'canceled' : 'expired'
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
