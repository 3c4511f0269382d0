import type { Settings } from '../config/settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import { isTerminal } from '../model/attempt.ts'
import type { Emit } from '../model/event.ts'
import { because, NO_REASON } from '../model/reason.ts'
import { resultIds } from '../model/result-ref.ts'
import type { Round } from '../model/round.ts'
import { MOVED, type Step, WAITED } from '../model/step.ts'
import { type Provider, ProviderError, type RemoteBatch } from '../providers/provider.ts'
import type { AttemptChanges, AttemptRecord } from '../store/port/attempt.ts'
import type { RunStore } from '../store/store.ts'
import { nextPollMs, shortOfRoomMs } from './cadence.ts'

/** Ports of watching. */
export interface WatchPorts {
  readonly store: RunStore
  readonly provider: Provider
  readonly clock: Clock
  readonly random: Random
  readonly settings: Settings
  readonly emit: Emit
}

/**
 * Looks at a submitted batch once: records what the provider says, and moves `submitted -> ended` at a terminal
 * status. May be repeated at any time; never changes anything at the provider.
 */
export async function pollBatch(
  ports: WatchPorts,
  attempt: AttemptRecord,
  { isShortOfRoom, signal }: Pick<Round, 'isShortOfRoom' | 'signal'>,
): Promise<Step> {
  const { clock, provider, random, settings, store } = ports
  const remote = await getOrLost(ports, attempt, signal)
  if (remote === 'lost') {
    await store.moveAttempt(attempt.key, 'submitted', 'held', {
      heldFrom: 'submitted',
      ...because({ kind: 'lost_at_provider', provider: provider.name, remoteId: attempt.remoteId ?? '' }),
    })
    return MOVED
  }
  const now = clock.now()
  const seen = seenChanges(remote, attempt, now)
  if (isTerminal(remote.status) && !isWaitingForResults(remote, attempt, settings.waits.settleMs, now)) {
    await store.moveAttempt(attempt.key, 'submitted', 'ended', {
      ...seen,
      endedAt: attempt.endedAt ?? now,
      nextAt: now,
    })
    return MOVED
  }
  if (remote.isStatusUnknown && attempt.rawStatus !== remote.rawStatus) {
    ports.emit({
      type: 'warning',
      code: 'unknown_status',
      message: `${provider.name} reports the unknown status ${JSON.stringify(remote.rawStatus)}; taken as in progress`,
      batch: attempt.batch,
    })
  }
  const intervalMs = nextPollMs(settings.waits, attempt.polls, remote.status, random.fraction())
  const ageMs = now - (attempt.submittedAt ?? now)
  const changes: AttemptChanges = {
    ...seen,
    endedAt: isTerminal(remote.status) ? (attempt.endedAt ?? now) : null,
    polls: attempt.polls + 1,
    nextAt: now + Math.min(intervalMs, isShortOfRoom ? shortOfRoomMs(settings.waits, ageMs) : intervalMs),
  }
  // A webhook that came while the provider was asked may be news of what its answer did not show yet.
  await store.noteAttempt(attempt.key, changes, attempt.nextAt)
  return WAITED
}

/** Looks in a row that must fail before a batch counts as lost; one look after a week asleep proves nothing. */
const LOST_AFTER_LOOKS = 3

/**
 * The batch, or `lost` where the provider has answered "not found" for longer than the grace time, several times over.
 * A 404 shortly after a create, or now and then, is lag and never a reason to create again (F46): it is thrown and
 * waited out.
 */
async function getOrLost(
  ports: WatchPorts,
  attempt: AttemptRecord,
  signal: AbortSignal,
): Promise<RemoteBatch | 'lost'> {
  try {
    return await ports.provider.get(attempt.remoteId ?? '', signal)
  } catch (error) {
    const lastSeenAt = attempt.lastPollAt ?? attempt.submittedAt ?? attempt.createdAt
    const isOverdue =
      attempt.failures + 1 >= LOST_AFTER_LOOKS && ports.clock.now() - lastSeenAt > ports.settings.waits.absentMs
    if (error instanceof ProviderError && error.failure.kind === 'absent' && isOverdue) return 'lost'
    throw error
  }
}

function seenChanges(remote: RemoteBatch, attempt: AttemptRecord, now: number): AttemptChanges {
  const [problem] = remote.errors
  return {
    remoteStatus: remote.status,
    rawStatus: remote.rawStatus,
    ...resultIds(remote.results),
    remoteTotal: remote.counts?.total ?? attempt.remoteTotal,
    remoteCompleted: remote.counts?.completed ?? attempt.remoteCompleted,
    remoteFailed: remote.counts?.failed ?? attempt.remoteFailed,
    remoteCreatedAt: remote.createdAt?.getTime() ?? attempt.remoteCreatedAt,
    expiresAt: remote.expiresAt?.getTime() ?? attempt.expiresAt,
    lastPollAt: now,
    failures: 0,
    ...(problem ? because({ kind: 'provider_said', code: problem.code, words: problem.message }) : NO_REASON),
  }
}

/** Results may be named after the terminal status (F66): a batch that has some is looked at again for a settle wait. */
function isWaitingForResults(remote: RemoteBatch, attempt: AttemptRecord, settleMs: number, now: number): boolean {
  return mustHaveResults(remote) && remote.results.length === 0 && now - (attempt.endedAt ?? now) < settleMs
}

/** One that was cut short may have executed nothing; its counts are believed only so far as to wait for results. */
function mustHaveResults({ counts, status }: RemoteBatch): boolean {
  const wasCutShort = status === 'cancelled' || status === 'expired'
  return status === 'completed' || (wasCutShort && (counts === null || counts.completed + counts.failed > 0))
}
