import { type Target, targetKey } from '../../model/target.ts'
import type { AttemptRecord } from '../../store/port/attempt.ts'
import type { RunStore } from '../../store/store.ts'
import { believedLimits } from '../../submit/admission.ts'
import { queueLimitsOf } from '../../workspace/queue-limits.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { QueueStanding } from '../contract.ts'

/** The queues that batches of a run wait for, as full as all runs of the home have made them. */
export async function queueStandings(
  home: Workspace,
  store: RunStore,
  attempts: readonly AttemptRecord[],
): Promise<readonly QueueStanding[]> {
  const waiting = attempts.filter(
    ({ reasonCode, stage }) => reasonCode === 'queue_full' && (stage === 'planned' || stage === 'uploaded'),
  )
  const targets = new Map(waiting.map(({ target }) => [targetKey(target), target]))
  return await Promise.all([...targets].map(([key, target]) => standingOf(home, store, target, key, waiting)))
}

async function standingOf(
  home: Workspace,
  store: RunStore,
  target: Target,
  key: string,
  waiting: readonly AttemptRecord[],
): Promise<QueueStanding> {
  const provider = await home.describe(target.provider)
  const given = queueLimitsOf(home.configuration.settings, target, provider.limits(target))
  const limits = believedLimits(given, await store.queueBelief(target), home.clock.now())
  const used = await store.inFlight(target)
  return {
    provider: target.provider,
    model: target.model,
    usedTokens: used.tokens,
    usedRequests: used.requests,
    limitTokens: limits.tokens,
    limitRequests: limits.requests,
    waitingBatches: waiting.filter((attempt) => targetKey(attempt.target) === key).length,
  }
}
