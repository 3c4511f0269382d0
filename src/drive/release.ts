import { NO_REASON, type ReasonCode } from '../model/reason.ts'
import { ProviderError } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { BUDGET_CODES } from '../submit/over-budget.ts'
import { renewInput } from '../submit/renew.ts'
import type { RunContext } from '../workspace/context.ts'

/**
 * Takes up every held batch again, each where it was stopped: what `resume` does after a person has looked. A batch that
 * the provider refused as a whole gets a new attempt, since the refused one cannot run any more, unless the provider says
 * something else of it by now.
 */
export async function release(context: RunContext): Promise<void> {
  const { state } = await context.store.record()
  for (const attempt of await context.store.unfinishedAttempts()) {
    if (attempt.stage === 'held') await releaseOne(context, attempt, state === 'cancelling')
  }
}

/**
 * Takes up again what was held for want of budget, once nothing else of the run goes on: whether it fits now is judged anew,
 * and asking costs nothing. Until then it would only change places with those that wait for room behind it, round after
 * round, and the run would never be seen to be held.
 */
export async function releaseForBudget(context: Pick<RunContext, 'clock' | 'store'>): Promise<void> {
  const codes: readonly (ReasonCode | null)[] = BUDGET_CODES
  // One that was not sent yet is enough to know that something goes on.
  const attempts = await context.store.unfinishedAttempts(1)
  if (attempts.some(({ stage }) => stage !== 'held')) return
  for (const attempt of attempts) if (codes.includes(attempt.reasonCode)) await takeUp(context, attempt)
}

async function releaseOne(context: RunContext, attempt: AttemptRecord, isCancelling: boolean): Promise<void> {
  const { store } = context
  if (attempt.reasonCode === 'queue_stuck') await store.trustQueue(attempt.target)
  if (attempt.reasonCode === 'canary_refused' && !isCancelling) {
    await releaseCanary(context, attempt)
    return
  }
  if (attempt.reasonCode === 'canary_unusable' && !isCancelling) {
    // Its answers were paid for and stay; the gate opens for the others.
    await store.releaseAttempt(attempt.key, 'held')
    return
  }
  const wasRefused = attempt.heldFrom === 'ended' && attempt.remoteStatus === 'failed'
  if (wasRefused && !isCancelling && (await isStillRefused(context, attempt))) {
    const next = await renewInput(context, attempt)
    await store.replaceAttempt({ key: attempt.key, from: 'held', to: 'rejected', next })
    return
  }
  await takeUp(context, attempt)
}

/** A provider may take back its word; where it cannot be asked now, the next collection asks it, and buys nothing. */
async function isStillRefused({ provider }: RunContext, { remoteId }: AttemptRecord): Promise<boolean> {
  if (remoteId === null) return true
  try {
    const { results, status } = await provider.get(remoteId, new AbortController().signal)
    return status === 'failed' && results.length === 0
  } catch (error) {
    if (error instanceof ProviderError) return error.failure.kind === 'absent'
    throw error
  }
}

/** Back to where it was held, as if nothing had failed yet. */
async function takeUp({ clock, store }: Pick<RunContext, 'clock' | 'store'>, attempt: AttemptRecord): Promise<void> {
  await store.moveAttempt(attempt.key, 'held', attempt.heldFrom ?? 'planned', {
    heldFrom: null,
    failures: 0,
    nextAt: clock.now(),
    ...(attempt.heldFrom === 'unconfirmed' ? doubtOf(attempt) : NO_REASON),
  })
}

/** A create in doubt keeps its own reason and step; everything else starts with a clean slate. */
function doubtOf({ reasonCode }: AttemptRecord): { readonly reasonCode?: ReasonCode } {
  return reasonCode === 'creates_vanished' ? { reasonCode: 'creates_let_go_on' } : {}
}

/** The rows that were refused when they were asked directly are asked once more, or sent like all others. */
async function releaseCanary({ settings, store }: RunContext, attempt: AttemptRecord): Promise<void> {
  if (settings.canary.isOn) await store.setCanaryDue()
  await store.releaseAttempt(attempt.key, 'held', { to: settings.canary.isOn ? 'rejected' : 'abandoned' })
}
