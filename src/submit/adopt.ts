import type { Provider, RemoteBatch } from '../providers/provider.ts'
import type { AttemptRecord, IntentRecord } from '../store/store.ts'
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
 * Takes a found batch as the attempt's own: `unconfirmed -> submitted`. Where there are several, the earliest is taken
 * and the audit that follows every create deals with the others.
 */
export async function adopt(
  ports: Pick<SubmitPorts, 'clock' | 'settings' | 'store'>,
  attempt: AttemptRecord,
  intent: IntentRecord,
  found: RemoteBatch,
): Promise<void> {
  const { clock, settings, store } = ports
  await store.addRemoteBatch(attempt.key, { id: found.id, seenAt: clock.now(), role: 'ours' })
  await store.closeIntent(intent.key, 'adopted', 'submitted', {
    ...observed(found, clock.now()),
    submittedAt: clock.now(),
    nextAt: clock.now() + settings.waits.pollMs,
  })
}
