import { backoffMs } from '../lib/backoff.ts'
import type { Stage } from '../model/attempt.ts'
import { isCreatedBatch } from '../model/batch.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import { type Call, type Failure, reactionTo } from '../model/failure.ts'
import { because, callFailed, type Reason } from '../model/reason.ts'
import { MOVED, type Step, WAITED } from '../model/step.ts'
import { ProviderError } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { isPathUnknown, noBatchApi, UNKNOWN_PATH_TRIES } from '../workspace/base-url-doubt.ts'
import type { RunContext } from '../workspace/context.ts'

/** System errors of a disk that cannot be written; nothing of the run would fare better. */
const DISK_CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']

/** Which kind of call a step makes in each stage. */
const CALLS: Partial<Record<Stage, Call>> = { planned: 'upload', uploaded: 'create', ended: 'download' }

/**
 * What becomes of a batch whose step threw. A failed call waits, holds the batch, or holds the run, by the table of
 * faults; whatever else is thrown holds this batch alone, so that one poisoned batch never stops the others. Errors of
 * ours that concern the whole run (another writer, a conflict in the store) are thrown on.
 */
export async function setBack(context: RunContext, attempt: AttemptRecord, error: unknown): Promise<Step> {
  if (error instanceof ProviderError) return await answerFailure(context, attempt, error.failure)
  const refusal = diskRefusal(error)
  if (refusal !== null) return { did: 'must_hold_run', reason: refusal }
  if (LlmBatchError.isInstance(error) && error.code !== 'disk') throw error
  // A create that may be on the wire stays `creating`, so that the next start finds it open and looks for its batch.
  if (attempt.stage === 'creating') throw error
  return await holdBatch(context, attempt, { kind: 'unexpected_error', words: messageOf(error) })
}

/** Why the run cannot go on where the disk takes no more; null for every other error. */
export function diskRefusal(error: unknown): Reason | null {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return DISK_CODES.includes(code) ? { kind: 'disk_refused', words: messageOf(error) } : null
}

async function answerFailure(context: RunContext, attempt: AttemptRecord, failure: Failure): Promise<Step> {
  const doubt = await baseUrlDoubt(context, attempt, failure)
  if (doubt !== null) return { did: 'must_hold_run', reason: doubt }
  const reaction = reactionTo(failure, CALLS[attempt.stage] ?? 'read')
  switch (reaction) {
    case 'wait':
      if (isGone(context, attempt, failure)) {
        return await holdBatch(context, attempt, { kind: 'results_gone', words: failure.message })
      }
      return await waitLonger(context, attempt, failure)
    case 'hold_batch':
      return await holdBatch(context, attempt, callFailed(failure))
    case 'split':
      return { did: 'too_large' }
    case 'hold_run':
      return { did: 'must_hold_run', reason: callFailed(failure) }
    default:
      return reaction satisfies never
  }
}

/**
 * Why the run is held where the server does not know the path of the upload, and never took anything of this run; null
 * otherwise. An answer that is not the API's own may be a moment's trouble, and must come a few times.
 */
async function baseUrlDoubt(
  { provider, store }: RunContext,
  attempt: AttemptRecord,
  failure: Failure,
): Promise<Reason | null> {
  if (attempt.stage !== 'planned' || !isCreatedBatch(attempt.kind) || !isPathUnknown(failure)) return null
  const isCertain = failure.kind === 'absent' || attempt.failures + 1 >= UNKNOWN_PATH_TRIES
  return isCertain && !(await store.origin()).hasSent ? noBatchApi(provider, failure) : null
}

/** A result file that stays "not found" for longer than lag can explain. */
function isGone({ clock, settings }: RunContext, attempt: AttemptRecord, failure: Failure): boolean {
  return (
    failure.kind === 'absent' &&
    attempt.stage === 'ended' &&
    clock.now() - (attempt.endedAt ?? clock.now()) > settings.waits.absentMs
  )
}

async function waitLonger(context: RunContext, attempt: AttemptRecord, failure: Failure): Promise<Step> {
  const { clock, random, settings, store } = context
  const waitMs = backoffMs(settings.waits.retryBackoff, attempt.failures, random.fraction())
  await store.noteAttempt(attempt.key, {
    failures: attempt.failures + 1,
    nextAt: clock.now() + Math.max(waitMs, failure.retryAfterMs ?? 0),
    // What an unconfirmed attempt is waiting for must not be overwritten by a passing trouble.
    ...(attempt.stage === 'unconfirmed' ? {} : because(callFailed(failure))),
  })
  return WAITED
}

async function holdBatch(context: RunContext, attempt: AttemptRecord, reason: Reason): Promise<Step> {
  await context.store.moveAttempt(attempt.key, attempt.stage, 'held', {
    heldFrom: attempt.stage,
    ...because(reason),
  })
  return MOVED
}
