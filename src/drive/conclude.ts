import { repairing } from '../collect/rebuild.ts'
import { countByBatch, countByMerge, differenceOf } from '../log/recount.ts'
import { RunLog } from '../log/run-log.ts'
import { ADVANCING_STAGES } from '../model/attempt.ts'
import type { Reason } from '../model/reason.ts'
import { type CancelCause, isFinished, type RunState } from '../model/run.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunContext } from '../workspace/context.ts'

/** The reason why driving ended. */
export interface Ending {
  readonly isStopped: boolean
  /** Null where the run was not to be cancelled. */
  readonly cancelledBy: CancelCause | null
  /** Set where a step has said that nothing of the run would fare better. */
  readonly holdReason: Reason | null
  /** True where the rest is to be asked directly once more is known of what was sent. */
  readonly waitsForTail: boolean
}

/** Records what a run has come to when driving ends, and tells it. */
export async function conclude(context: RunContext, ending: Ending): Promise<RunRecord> {
  const { emit, store } = context
  const { isOpen } = await store.record()
  // One batch that was not sent tells as much as thousands.
  const after = stateAfter(ending, await store.unfinishedAttempts(1), isOpen)
  const { state } = after
  const isLate = state === 'cancelled' && ending.cancelledBy === 'deadline'
  const reason: Reason | null = isLate ? { kind: 'deadline_came' } : after.reason
  if (isFinished(state)) await checkCounts(context)
  await store.moveRun(state, reason)
  const run = await store.record()
  emit({ type: 'run', state: run.state, reason })
  return run
}

/** Counts the rows of a run at its end once more, from its files: where that differs, we have made a mistake, and say so. */
async function checkCounts(context: RunContext): Promise<void> {
  const { emit, store } = context
  const log = new RunLog(context, repairing(context))
  const difference = differenceOf(await countByMerge(log), countByBatch(await store.batches()))
  if (difference === null) return
  const message = `the files of the run count ${difference} rows that its catalog counts: a bug of llm-batch, please report it; the answers are written from the files`
  emit({ type: 'warning', code: 'counts_differ', message, batch: null })
}

/** True while the attempt is on its way somewhere. */
export function isActive({ stage }: AttemptRecord): boolean {
  return stage === 'unconfirmed' || ADVANCING_STAGES.includes(stage)
}

function stateAfter(
  { cancelledBy, holdReason, isStopped, waitsForTail }: Ending,
  attempts: readonly AttemptRecord[],
  isOpen: boolean,
): { readonly state: RunState; readonly reason: Reason | null } {
  if (holdReason !== null) return { state: 'held', reason: holdReason }
  // A run that is being cancelled stays so until the provider has answered for every batch.
  const resting: RunState = cancelledBy ? 'cancelling' : 'paused'
  if (isStopped) return { state: resting, reason: { kind: 'stopped' } }
  if (attempts.some(isActive) || waitsForTail) return { state: resting, reason: { kind: 'waiting' } }
  const [first, ...others] = attempts.filter(({ stage }) => stage === 'held')
  if (first) {
    const { batch, reason: why } = first
    return { state: 'held', reason: { kind: 'batch_held', batch, why, others: others.length } }
  }
  if (cancelledBy) return { state: 'cancelled', reason: null }
  return { state: isOpen ? 'open' : 'completed', reason: null }
}
