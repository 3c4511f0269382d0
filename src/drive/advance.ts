import { collectBatch } from '../collect/collect.ts'
import { collectDirect } from '../collect/collect-direct.ts'
import { isAskedDirectly } from '../model/batch.ts'
import type { Round } from '../model/round.ts'
import { MOVED, type Step, WAITED } from '../model/step.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { callRequests } from '../submit/call-requests.ts'
import { createBatch } from '../submit/create.ts'
import { standBack } from '../submit/over-budget.ts'
import { reconcile } from '../submit/reconcile.ts'
import { overspendingOf, spendingTerms } from '../submit/reserve.ts'
import { uploadInput } from '../submit/upload.ts'
import { pollBatch } from '../watch/poll.ts'
import type { RunContext } from '../workspace/context.ts'
import { cancelRemote } from './cancel.ts'
import { requeue } from './requeue.ts'
import { setBack } from './setback.ts'

/**
 * One batch, one step: the stage it is in decides what is done, the store remembers what came of it. Every point is a
 * resume point, because nothing is known here that the store does not know. Batches in `unconfirmed` are not advanced
 * one by one: see `advanceUnconfirmed`.
 */
export async function advance(context: RunContext, attempt: AttemptRecord, round: Round): Promise<Step> {
  if (round.cancelledBy() !== null) await cancelRemote(context, attempt, round.signal)
  try {
    return await followUp(context, attempt, await stepOf(context, attempt, round))
  } catch (error) {
    const { stage } = await context.store.currentAttempt(attempt.batchKey)
    // The user cancelled the run while a batch of it was on its way, and it was given up meanwhile.
    if (round.signal.aborted || stage === 'cancelled') return WAITED
    return await setBack(context, { ...attempt, stage }, error)
  }
}

/** One step of every batch of which it is unknown whether it was created: one listing decides them all. */
export async function advanceUnconfirmed(
  context: RunContext,
  attempts: readonly AttemptRecord[],
  round: Round,
): Promise<readonly Step[]> {
  try {
    await reconcile(context, attempts, round)
    return []
  } catch (error) {
    if (round.signal.aborted) return []
    const keys = new Set(attempts.map(({ key }) => key))
    const steps: Step[] = []
    for (const attempt of await context.store.unfinishedAttempts()) {
      if (keys.has(attempt.key) && attempt.stage === 'unconfirmed') steps.push(await setBack(context, attempt, error))
    }
    return steps
  }
}

async function stepOf(context: RunContext, attempt: AttemptRecord, round: Round): Promise<Step> {
  switch (attempt.stage) {
    case 'calling':
      return await callRequests(context, attempt, round)
    case 'planned':
      if (isAskedDirectly(attempt)) return await callFirst(context, attempt, round)
      return await upload(context, attempt, round.signal)
    case 'uploaded':
      return await createBatch(context, attempt)
    case 'submitted':
      return await pollBatch(context, attempt, round)
    case 'ended':
      if (isAskedDirectly(attempt)) return await collectDirect(context, attempt, round)
      return await collectBatch(context, attempt, round)
    case 'creating':
    case 'unconfirmed':
    case 'collected':
    case 'held':
    case 'rejected':
    case 'abandoned':
    case 'cancelled':
      return WAITED
    default:
      return attempt.stage satisfies never
  }
}

/** Nothing is uploaded that could not be paid for. */
async function upload(context: RunContext, attempt: AttemptRecord, signal: AbortSignal): Promise<Step> {
  const refusal = await overspendingOf(context, attempt)
  return refusal ? await standBack(context, attempt, refusal) : await uploadInput(context, attempt, signal)
}

/** What the calls may cost is set aside before the first of them. */
async function callFirst(context: RunContext, attempt: AttemptRecord, round: Round): Promise<Step> {
  const refusal = await context.store.reserve(await spendingTerms(context, attempt))
  return refusal ? await standBack(context, attempt, refusal) : await callRequests(context, attempt, round)
}

/** What a stage asks for that needs more than one room. */
async function followUp(context: RunContext, attempt: AttemptRecord, step: Step): Promise<Step> {
  if (step.did === 'nothing_ran') return await requeue(context, attempt, step)
  if (step.did === 'too_large_for_queue') {
    await context.store.releaseAttempt(attempt.key, attempt.stage)
    return MOVED
  }
  return step
}
