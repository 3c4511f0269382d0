import type { RemoteBatch } from '../providers/provider.ts'
import type { AttemptRecord, IntentRecord } from '../store/store.ts'
import { observed } from './observed.ts'
import type { SubmitPorts } from './ports.ts'

/**
 * The remote batches that are this attempt's, earliest first: by its input file, which no other attempt shares, or by
 * the nonce in the metadata. Never by likeness (F124).
 */
export function matchesOf(attempt: AttemptRecord, batches: readonly RemoteBatch[]): readonly RemoteBatch[] {
  return batches
    .filter(
      (batch) =>
        (attempt.inputFileId !== null && batch.inputFileId === attempt.inputFileId) ||
        batch.metadata['llm_batch_nonce'] === attempt.nonce,
    )
    .toSorted((one, other) => createdAt(one) - createdAt(other) || one.id.localeCompare(other.id))
}

function createdAt(batch: RemoteBatch): number {
  return batch.createdAt?.getTime() ?? Number.POSITIVE_INFINITY
}

/**
 * Takes a found batch as the attempt's own: `unconfirmed -> submitted`. Further ones were made by something between us
 * and the provider that repeated our one POST: they are cancelled, and reported so that the money can be claimed back.
 */
export async function adopt(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  intent: IntentRecord,
  matches: readonly [RemoteBatch, ...RemoteBatch[]],
  signal: AbortSignal,
): Promise<void> {
  const { clock, settings, store } = ports
  const [chosen, ...extra] = matches
  await store.addRemoteBatch(attempt.key, { id: chosen.id, seenAt: clock.now(), role: 'ours' })
  await store.closeIntent(intent.key, 'adopted', 'submitted', {
    ...observed(chosen, clock.now()),
    submittedAt: clock.now(),
    nextAt: clock.now() + settings.waits.pollMs,
  })
  for (const duplicate of extra) await cancelDuplicate(ports, attempt, chosen, duplicate, signal)
}

async function cancelDuplicate(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  chosen: RemoteBatch,
  duplicate: RemoteBatch,
  signal: AbortSignal,
): Promise<void> {
  const { clock, emit, provider, store } = ports
  const remoteIds = [chosen.id, duplicate.id]
  const detail = `batch ${attempt.batch} was made twice by one request of ours; ${duplicate.id} is being cancelled`
  await store.addRemoteBatch(attempt.key, { id: duplicate.id, seenAt: clock.now(), role: 'duplicate' })
  await store.addIncident({ at: clock.now(), kind: 'duplicate_batch', detail, remoteIds })
  emit({ type: 'incident', kind: 'duplicate_batch', message: detail, remoteIds })
  await provider.cancel(duplicate.id, signal)
}
