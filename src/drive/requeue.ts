import { backoffMs } from '../lib/backoff.ts'
import { MOVED, type Step } from '../model/step.ts'
import type { AttemptRecord, QueueBelief } from '../store/store.ts'
import { afterRefusal, BELIEVED_MS } from '../submit/admission.ts'
import { renewInput } from '../submit/renew.ts'
import type { RunContext } from '../workspace/context.ts'

type QueueRefusal = Extract<Step, { readonly did: 'nothing_ran' }>

/** A hold of a batch for which a queue that should be empty had no room. */
export const QUEUE_STUCK = 'queue_stuck'

/**
 * What becomes of a batch that the provider refused because its queue is full. Its words are remembered for all runs of
 * the home; the same requests go on as a new attempt, which costs no try, or into smaller batches. Where nothing of ours
 * was in the queue time after time, a person must ask the provider.
 */
export async function requeue(context: RunContext, attempt: AttemptRecord, refusal: QueueRefusal): Promise<Step> {
  const { limitTokens, reason: words } = refusal
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
        reasonCode: QUEUE_STUCK,
        reason: stuckText(context, attempt, belief, words),
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
    changes: { reasonCode: 'queue_full', reason: `waiting for quota: ${words}` },
  })
}

function stuckText({ provider }: RunContext, attempt: AttemptRecord, belief: QueueBelief, words: string): string {
  const { model } = attempt.target
  return (
    `${provider.name} has refused ${belief.refusalsAlone} batches for ${model} in a row, although no batch of this home ` +
    `is in its queue. If no other program of your organization fills it, write to ${provider.name}'s support: "Batches ` +
    `for ${model} fail with the message below while none of ours is in progress. Please look at our count of enqueued ` +
    `tokens." Its words: ${words}`
  )
}
