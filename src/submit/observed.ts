import { NO_REASON } from '../model/reason.ts'
import type { RemoteBatch } from '../providers/provider.ts'
import type { AttemptChanges } from '../store/port/attempt.ts'

/** What an attempt remembers of a remote batch that was just created or found. */
export function observed(remote: RemoteBatch, now: number): AttemptChanges {
  return {
    remoteId: remote.id,
    remoteStatus: remote.status,
    rawStatus: remote.rawStatus,
    remoteCreatedAt: remote.createdAt?.getTime() ?? null,
    expiresAt: remote.expiresAt?.getTime() ?? null,
    lastPollAt: now,
    polls: 0,
    failures: 0,
    reconcileStep: null,
    ...NO_REASON,
  }
}
