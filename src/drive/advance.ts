import { collectBatch } from '../collect/collect.ts'
import { collectDirect } from '../collect/collect-direct.ts'
import { giveUp } from '../collect/give-up.ts'
import { isAskedDirectly } from '../model/batch.ts'
import { namedBatches } from '../model/reason.ts'
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
    if (context.onUnknownCreate === 'give-up') await giveUpUndecided(context, attempts)
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

/**
 * Settles as missing what was held just now because it cannot be known whether it was created. The report goes on to name
 * the batches that may be it, because one of them may have cost money.
 */
async function giveUpUndecided(context: RunContext, attempts: readonly AttemptRecord[]): Promise<void> {
  for (const { batchKey } of attempts) {
    const attempt = await context.store.currentAttempt(batchKey)
    // Of creates that were proved absent, again and again, nothing is in doubt.
    const isUndecided = attempt.stage === 'held' && attempt.reasonCode !== 'creates_vanished'
    if (!isUndecided) continue
    await recordGivenUp(context, attempt)
    await giveUp(context, attempt, 'given up, because it cannot be known whether its batch was created')
  }
}

async function recordGivenUp({ clock, emit, store }: RunContext, { batch, reason }: AttemptRecord): Promise<void> {
  const kind = 'given_up'
  const remoteIds = namedBatches(reason)
  const message = `whether batch ${batch} was created stayed unknown, and it was given up; it may have been billed`
  await store.addIncident({ at: clock.now(), kind, detail: message, remoteIds })
  emit({ type: 'incident', kind, message, remoteIds })
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
