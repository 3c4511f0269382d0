import type { Provider, RemoteBatch } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { IntentRecord } from '../store/port/paid-call.ts'
import { observed } from './observed.ts'
import type { SubmitPorts } from './ports.ts'

/** The listed batches that prove to be this attempt's, earliest first. Never by likeness (F124). */
export function matchesOf(
  provider: Pick<Provider, 'isOurs'>,
  attempt: AttemptRecord,
  batches: readonly RemoteBatch[],
): readonly RemoteBatch[] {
  return batches
    .filter((batch) => provider.isOurs(batch, attempt))
    .toSorted((one, other) => createdAt(one) - createdAt(other) || one.id.localeCompare(other.id))
}

function createdAt(batch: RemoteBatch): number {
  return batch.createdAt?.getTime() ?? Number.POSITIVE_INFINITY
}

/**
 * Records the batch that a create has made, by its answer or as a listing shows it: `-> submitted`. Where a listing shows
 * several, the earliest is taken, and the audit that follows every create deals with the others.
 */
export async function recordRemote(
  { clock, settings, store }: Pick<SubmitPorts, 'clock' | 'settings' | 'store'>,
  attempt: AttemptRecord,
  intent: IntentRecord,
  remote: RemoteBatch,
  answer: 'created' | 'adopted',
): Promise<void> {
  await store.addRemoteBatch(attempt.key, { id: remote.id, seenAt: clock.now(), role: 'ours' })
  await store.closeIntent(intent.key, answer, 'submitted', {
    ...observed(remote, clock.now()),
    submittedAt: clock.now(),
    nextAt: clock.now() + settings.waits.pollMs,
  })
}
