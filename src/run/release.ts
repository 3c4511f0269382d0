import type { AttemptRecord } from '../store/store.ts'
import { renewInput } from '../submit/renew.ts'
import type { RunContext } from './context.ts'

/**
 * Takes up every held batch again, each where it was stopped: what `resume` does after a person has looked. A batch that
 * the provider refused as a whole gets a new attempt, since the refused one cannot run any more.
 */
export async function release(context: RunContext): Promise<void> {
  for (const attempt of await context.store.currentAttempts()) {
    if (attempt.stage === 'held') await releaseOne(context, attempt)
  }
}

async function releaseOne(context: RunContext, attempt: AttemptRecord): Promise<void> {
  const { clock, store } = context
  const wasRefused = attempt.heldFrom === 'ended' && attempt.remoteStatus === 'failed'
  if (wasRefused && !context.isCancelling) {
    const next = await renewInput(context, attempt)
    await store.replaceAttempt({ key: attempt.key, from: 'held', to: 'rejected', next })
    return
  }
  await store.moveAttempt(attempt.key, 'held', attempt.heldFrom ?? 'planned', {
    heldFrom: null,
    failures: 0,
    nextAt: clock.now(),
    // A create in doubt keeps its own reason and step; everything else starts with a clean slate.
    ...(attempt.heldFrom === 'unconfirmed' ? {} : { reasonCode: null, reason: null }),
  })
}
