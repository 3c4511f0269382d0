import { collectBatch } from '../collect/collect.ts'
import { collectDirect } from '../collect/collect-direct.ts'
import type { Stage } from '../model/attempt.ts'
import { MOVED, type Step, WAITED } from '../model/step.ts'
import type { AttemptRecord } from '../store/store.ts'
import { callRequests } from '../submit/call-requests.ts'
import { createBatch } from '../submit/create.ts'
import { standBack } from '../submit/over-budget.ts'
import { overspendingOf, spendingTerms } from '../submit/reserve.ts'
import { uploadInput } from '../submit/upload.ts'
import { pollBatch } from '../watch/poll.ts'
import type { RunContext } from '../workspace/context.ts'
import { requeue } from './requeue.ts'
import { setBack } from './setback.ts'

/**
 * One batch, one step: the stage it is in decides what is done, the store remembers what came of it. Every point is a
 * resume point, because nothing is known here that the store does not know. Batches in `unconfirmed` are not advanced
 * one by one: one listing decides them all, see `reconcile`.
 */
export async function advance(context: RunContext, attempt: AttemptRecord, signal: AbortSignal): Promise<Step> {
  try {
    return await followUp(context, attempt, await stepOf(context, attempt, signal))
  } catch (error) {
    const { stage } = await context.store.currentAttempt(attempt.batchKey)
    // The user cancelled the run while a batch of it was on its way, and it was given up meanwhile.
    if (signal.aborted || stage === 'cancelled') return WAITED
    return await setBack(context, { ...attempt, stage }, error)
  }
}

async function stepOf(context: RunContext, attempt: AttemptRecord, signal: AbortSignal): Promise<Step> {
  switch (attempt.stage) {
    case 'calling':
      return await callRequests(context, attempt, signal)
    case 'planned':
      if (attempt.kind === 'direct') return await callFirst(context, attempt, signal)
      return await upload(context, attempt, signal)
    case 'uploaded':
      return await createBatch(context, attempt)
    case 'submitted':
      return await pollBatch(context, attempt, signal)
    case 'ended':
      if (attempt.kind === 'direct') return await collectDirect(context, attempt)
      return await collectBatch(context, attempt, signal)
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
async function callFirst(context: RunContext, attempt: AttemptRecord, signal: AbortSignal): Promise<Step> {
  const refusal = await context.store.reserve(await spendingTerms(context, attempt))
  return refusal ? await standBack(context, attempt, refusal) : await callRequests(context, attempt, signal)
}

/** Stages in which `advance` has something to do. */
export const ADVANCING: readonly Stage[] = ['planned', 'uploaded', 'calling', 'submitted', 'ended']

/** What a stage asks for that needs more than one room. */
async function followUp(context: RunContext, attempt: AttemptRecord, step: Step): Promise<Step> {
  if (step.did === 'nothing_ran') return await requeue(context, attempt, step)
  if (step.did === 'bad_lines') {
    await context.store.releaseAttempt(attempt.key, attempt.stage)
    return MOVED
  }
  return step
}
