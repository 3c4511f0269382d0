import { because } from '../model/reason.ts'
import type { RunContext } from '../workspace/context.ts'
import { isClockBehind, restartWaits } from './clock-jumps.ts'

/**
 * What a process that died leaves behind: an attempt in `creating` may or may not have become a batch, so it is
 * `unconfirmed` until the provider's list tells. Done once when a run is taken up.
 */
export async function recover(context: RunContext): Promise<void> {
  const { clock, store } = context
  for (const attempt of await store.unfinishedAttempts()) {
    if (attempt.stage !== 'creating') continue
    const intent = (await store.intents(attempt.key)).at(-1)
    if (!intent) throw new Error(`attempt ${attempt.key} is creating and has no intent`)
    await store.closeIntent(intent.key, 'unknown', 'unconfirmed', {
      reconcileStep: 'first_listing',
      ...because({ kind: 'create_unknown', found: 'interrupted' }),
      nextAt: clock.now(),
    })
  }
  const attempts = await store.unfinishedAttempts()
  if (isClockBehind(attempts, context.settings.waits, clock.now())) await restartWaits(context)
}

/** Looks at every batch at the provider soon, and then again at growing intervals: a person has just come back. */
export async function lookSoon({ clock, store }: RunContext): Promise<void> {
  for (const attempt of await store.unfinishedAttempts()) {
    if (attempt.stage === 'submitted') await store.noteAttempt(attempt.key, { polls: 0, nextAt: clock.now() })
  }
}
