import { backoffMs } from '../lib/backoff.ts'
import { because } from '../model/reason.ts'
import { MOVED, type Step } from '../model/step.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { afterRefusal, BELIEVED_MS } from '../submit/admission.ts'
import { renewInput } from '../submit/renew.ts'
import type { RunContext } from '../workspace/context.ts'

type QueueRefusal = Extract<Step, { readonly did: 'nothing_ran' }>

/**
 * What becomes of a batch that the provider refused because its queue is full. Its words are remembered for all runs of
 * the home; the same requests go on as a new attempt, which costs no try, or into smaller batches. Where nothing of ours
 * was in the queue time after time, a person must ask the provider.
 */
export async function requeue(context: RunContext, attempt: AttemptRecord, refusal: QueueRefusal): Promise<Step> {
  const { limitTokens, words } = refusal
  const { clock, random, settings, store } = context
  const belief = await store.recordRefusal(attempt.key, {
    at: clock.now(),
    believedSince: clock.now() - BELIEVED_MS,
    limitTokens,
    words,
    waitMs: (refusals) => backoffMs(settings.waits.queueBackoff, refusals - 1, random.fraction()),
  })
  const load = { tokens: attempt.tokens, requests: attempt.requestCount }
  switch (afterRefusal(load, belief, context.queueLimitsOf(attempt.target), clock.now())) {
    case 'split':
      await store.releaseAttempt(attempt.key, 'ended')
      break
    case 'wait':
      await renewWaiting(context, attempt, words)
      break
    case 'hold':
      // Refused as a whole it costs nothing, however long it waits for a person.
      await store.settleReservation(attempt.nonce, null)
      await store.moveAttempt(attempt.key, 'ended', 'held', {
        heldFrom: 'ended',
        ...because({
          kind: 'queue_stuck',
          provider: context.provider.name,
          model: attempt.target.model,
          refusals: belief.refusalsAlone,
          words,
        }),
      })
  }
  return MOVED
}

/** The same requests as a new attempt; the store wakes it, or lets it ask, when it is its turn. */
async function renewWaiting(context: RunContext, attempt: AttemptRecord, words: string): Promise<void> {
  await context.store.replaceAttempt({
    key: attempt.key,
    from: 'ended',
    to: 'rejected',
    next: await renewInput(context, attempt),
    changes: because({ kind: 'queue_full', words }),
  })
}
