import { isTerminal } from '../model/attempt.ts'
import { ProviderError, type RemoteBatch } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { matchesOf } from './adopt.ts'
import { CLOCK_SKEW_MS } from './clock-skew.ts'
import type { SubmitPorts } from './ports.ts'

type Ports = Pick<SubmitPorts, 'clock' | 'emit' | 'provider' | 'store'>

/**
 * Looks once after creating, with one listing for all given attempts, whether something between us and the provider
 * repeated our one POST. An extra batch is cancelled and reported with both ids, so that the money can be claimed back.
 * May be repeated; an inconclusive listing leaves the attempts unaudited, and returns false.
 */
export async function auditCreates(
  ports: Ports,
  attempts: readonly AttemptRecord[],
  signal: AbortSignal,
): Promise<boolean> {
  const { clock, provider, store } = ports
  const earliest = Math.min(...attempts.map(({ submittedAt }) => submittedAt ?? clock.now()))
  const listing = await provider.list(new Date(earliest - CLOCK_SKEW_MS), signal)
  for (const attempt of attempts) {
    const extra = matchesOf(provider, attempt, listing.batches).filter(({ id }) => id !== attempt.remoteId)
    for (const duplicate of extra) await cancelDuplicate(ports, attempt, duplicate, signal)
    if (listing.isConclusive) await store.noteAttempt(attempt.key, { auditedAt: clock.now() })
  }
  return listing.isConclusive
}

async function cancelDuplicate(
  ports: Ports,
  attempt: AttemptRecord,
  duplicate: RemoteBatch,
  signal: AbortSignal,
): Promise<void> {
  const { clock, emit, provider, store } = ports
  const remoteIds = [attempt.remoteId ?? '', duplicate.id]
  const message = `the provider made batch ${attempt.batch} twice from one create: ${remoteIds.join(' and ')}`
  await store.addRemoteBatch(attempt.key, { id: duplicate.id, seenAt: clock.now(), role: 'duplicate' })
  await store.addIncident({ at: clock.now(), kind: 'duplicate_batch', detail: message, remoteIds })
  emit({ type: 'incident', kind: 'duplicate_batch', message, remoteIds })
  if (isTerminal(duplicate.status) || duplicate.status === 'cancelling') return
  try {
    await provider.cancel(duplicate.id, signal)
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    emit({
      type: 'warning',
      code: 'cancel_not_confirmed',
      message: `the provider did not confirm that the extra batch ${duplicate.id} was cancelled: ${error.message}`,
      batch: attempt.batch,
    })
  }
}
