import { collectBatch } from '../collect/collect.ts'
import type { Stage } from '../model/attempt.ts'
import { MOVED, type Step, WAITED } from '../model/step.ts'
import type { AttemptRecord } from '../store/store.ts'
import { createBatch } from '../submit/create.ts'
import { renewInput } from '../submit/renew.ts'
import { uploadInput } from '../submit/upload.ts'
import { pollBatch } from '../watch/poll.ts'
import type { RunContext } from './context.ts'
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
    case 'planned':
      return await uploadInput(context, attempt, signal)
    case 'uploaded':
      return await createBatch(context, attempt)
    case 'submitted':
      return await pollBatch(context, attempt, signal)
    case 'ended':
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

/** Stages in which `advance` has something to do. */
export const ADVANCING: readonly Stage[] = ['planned', 'uploaded', 'submitted', 'ended']

/** What a stage asks for that needs more than one room. */
async function followUp(context: RunContext, attempt: AttemptRecord, step: Step): Promise<Step> {
  if (step.did === 'must_renew') {
    await renewLater(context, attempt, step.code, step.reason)
    return MOVED
  }
  return step
}

/** The same requests again as a new attempt, after a wait that grows with the attempts made; costs no try. */
async function renewLater(context: RunContext, attempt: AttemptRecord, code: string, reason: string): Promise<void> {
  const { clock, settings, store } = context
  const { firstMs, factor } = settings.waits.retryBackoff
  const waitMs = Math.min(settings.waits.unfencedMs, firstMs * factor ** attempt.number)
  await store.replaceAttempt({
    key: attempt.key,
    from: 'ended',
    to: 'rejected',
    next: await renewInput(context, attempt),
    changes: { nextAt: clock.now() + waitMs, reasonCode: code, reason },
  })
}
