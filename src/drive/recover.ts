import type { Stage } from '../model/attempt.ts'
import { because, NO_REASON } from '../model/reason.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { IntentRecord } from '../store/port/paid-call.ts'
import type { RunContext } from '../workspace/context.ts'
import { isClockBehind, restartWaits } from './clock-jumps.ts'

/** Stages in which the id of a batch may be written down already, and the stage not. */
const IN_DOUBT: readonly Stage[] = ['creating', 'unconfirmed']

/**
 * What a process that died leaves behind: an attempt in `creating` may or may not have become a batch, so it is
 * `unconfirmed` until the provider's list tells, unless the id of its batch was written down before. Done once when a run is
 * taken up.
 */
export async function recover(context: RunContext): Promise<void> {
  const { clock, store } = context
  for (const attempt of await store.unfinishedAttempts(0)) {
    if (!IN_DOUBT.includes(attempt.stage)) continue
    const intent = (await store.intents(attempt.key)).at(-1)
    if (!intent) throw new Error(`attempt ${attempt.key} is ${attempt.stage} and has no intent`)
    const isKnown = await goOnWithKnown(context, attempt, intent)
    if (isKnown || attempt.stage !== 'creating') continue
    await store.closeIntent(intent.key, 'unknown', 'unconfirmed', {
      reconcileStep: 'first_listing',
      ...because({ kind: 'create_unknown', found: 'interrupted' }),
      nextAt: clock.now(),
    })
  }
  const attempts = await store.unfinishedAttempts()
  if (isClockBehind(attempts, context.settings.waits, clock.now())) await restartWaits(context)
}

/**
 * Goes on with the batch whose id the process that died had written down as this attempt's; false where there is none. Of
 * a batch without a mark nothing else would ever say again whose it is.
 */
async function goOnWithKnown(
  { clock, store }: RunContext,
  { key, stage }: AttemptRecord,
  intent: IntentRecord,
): Promise<boolean> {
  const known = (await store.remoteBatches(key)).find(({ role }) => role === 'ours')
  if (!known) return false
  await store.closeIntent(intent.key, stage === 'creating' ? 'created' : 'adopted', 'submitted', {
    remoteId: known.id,
    submittedAt: known.seenAt,
    nextAt: clock.now(),
    polls: 0,
    failures: 0,
    reconcileStep: null,
    ...NO_REASON,
  })
  return true
}

/** Looks at every batch at the provider soon, and then again at growing intervals: a person has just come back. */
export async function lookSoon({ clock, store }: RunContext): Promise<void> {
  for (const attempt of await store.unfinishedAttempts()) {
    if (attempt.stage === 'submitted') await store.noteAttempt(attempt.key, { polls: 0, nextAt: clock.now() })
  }
}
