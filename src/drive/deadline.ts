import { parseDuration } from '../lib/duration.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Deadline, DeadlineWish } from '../model/run.ts'
import type { RunContext } from '../workspace/context.ts'

/** Of the time that is left, at most this share is kept for winding up. */
const WIND_UP_SHARE = 0.25

/** An instant with its zone, so that it means the same wherever the command runs. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/

/** Reads a duration such as `20h`, an instant such as `2026-11-24T08:00Z`, or `none`; undefined for anything else. */
export function parseDeadline(text: string): DeadlineWish | undefined {
  if (text === 'none') return text
  const afterMs = parseDuration(text)
  if (afterMs !== undefined && afterMs > 0) return { afterMs }
  const at = INSTANT.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : { at }
}

/** The instants of a deadline; null for none. Throws `usage` where it is over. */
export function deadlineFrom(wish: DeadlineWish, now: number, windUpMs: number): Deadline | null {
  if (wish === 'none') return null
  const at = 'at' in wish ? wish.at : now + wish.afterMs
  if (at <= now) {
    throw new LlmBatchError('usage', `the deadline ${new Date(at).toISOString()} is over`, {
      next: `Set a later one with ${mention('deadline')}, or remove it with ${mention('deadline', 'none')}.`,
    })
  }
  return { at, windUpAt: at - Math.min(windUpMs, Math.round((at - now) * WIND_UP_SHARE)) }
}

/**
 * Asks for the run to be cancelled once its deadline is near, so that what was finished can be harvested in time. What was
 * not answered by then ends as `cancelled`; nothing is sent anywhere else in its place.
 */
export async function heedDeadline({ clock, emit, store }: RunContext): Promise<void> {
  const { cancelRequestedAt, deadline } = await store.record()
  if (deadline === null || cancelRequestedAt !== null || clock.now() < deadline.windUpAt) return
  await store.cancelForDeadline()
  const { at } = deadline
  const when = new Date(at).toISOString()
  emit({
    type: 'warning',
    code: 'deadline',
    message: `the deadline ${when} is ${clock.now() < at ? 'near' : 'over'}: unfinished work is cancelled at the provider`,
    batch: null,
  })
}
