import { tellingIn } from '../../library/told.ts'
import { inFlags } from '../../model/options/mention.ts'
import { isFinished, type RunState } from '../../model/run.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { progressOf } from '../../workspace/progress.ts'
import { newestOfEach } from '../../workspace/report.ts'
import { type RunCost, runCostOf, usedAttemptsOf } from '../../workspace/run-cost.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { RunSummary, Spent } from '../contract.ts'
import { queueStandings } from './queue-standing.ts'

/** Tells reasons as a person at a terminal reads them. */
export const tellReason = tellingIn(inFlags)

const MOST_NOTES = 10

/** States in which a process works on a run, unless it was killed. */
const STATES_AT_WORK: readonly RunState[] = ['running', 'cancelling']

/** A run as the list shows it. */
export async function summaryOf(home: Workspace, run: RunRecord, hasWorkers: boolean): Promise<RunSummary> {
  const store = home.store.read(run.id)
  // A large run has thousands, so they are read once.
  const attempts = await store.allAttempts()
  const newest = newestOfEach(attempts)
  const standing = { record: () => store.record(), counts: () => store.counts(), currentAttempts: async () => newest }
  const [progress, cost, isWorkedOn] = await Promise.all([
    progressOf(standing, tellReason),
    runCostOf(store, home.configuration, usedAttemptsOf(attempts)),
    home.store.isRunLocked(run.id),
  ])
  const { definition } = run
  const { reason, state } = progress.run
  return {
    id: run.id,
    name: run.name,
    state,
    reason,
    isWorkedOn,
    isLeft: !isWorkedOn && !hasWorkers && STATES_AT_WORK.includes(state),
    provider: definition.provider,
    model: definition.model,
    inputs: definition.inputPaths ?? [],
    priority: run.priority,
    createdAt: run.createdAt,
    finishedAt: run.finishedAt,
    deadlineAt: run.deadline?.at ?? null,
    rows: progress.total,
    requests: run.requestCount,
    doneRows: progress.done,
    failedRows: progress.done - progress.counts.succeeded,
    counts: progress.counts,
    carriedRows: progress.carried,
    sharedRows: progress.shared,
    batches: progress.batches,
    executedThere: progress.executedThere,
    oldestOpenAt: progress.oldestOpenAt,
    expiresAt: progress.expiresAt,
    nextLookAt: isFinished(state) ? null : progress.nextLookAt,
    spent: spentOf(cost),
    queues: await queueStandings(home, store, newest),
    notes: progress.notes.slice(0, MOST_NOTES),
    waits: progress.notes.length,
  }
}

/** Money of a run. */
function spentOf({ maxUsd, reservedUsd, savedUsd, synchronousUsd, totalUsd }: RunCost): Spent {
  return { totalUsd, synchronousUsd, savedUsd, reservedUsd, capUsd: maxUsd }
}
