import { parseDuration } from '../lib/duration.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Deadline, DeadlineWish, Tail } from '../model/run.ts'
import type { RunContext, Steering } from '../workspace/context.ts'
import { assertTail } from './tail.ts'

/** Of the time that is left, at most this share is kept for winding up. */
const WIND_UP_SHARE = 0.25

/** With a tail, winding up has this many times as long, and as large a share: the rest is to be asked in that time. */
const TAIL_FACTOR = 2

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
export function deadlineFrom(
  wish: DeadlineWish,
  now: number,
  windUpMs: number,
  tail: Tail | null = null,
): Deadline | null {
  if (wish === 'none') return null
  const at = 'at' in wish ? wish.at : now + wish.afterMs
  if (at <= now) {
    throw new LlmBatchError('usage', `the deadline ${new Date(at).toISOString()} is over`, {
      next: `Set a later one with ${mention('deadline')}, or remove it with ${mention('deadline', 'none')}.`,
    })
  }
  const factor = tail === null ? 1 : TAIL_FACTOR
  return { at, windUpAt: at - Math.min(windUpMs * factor, Math.round((at - now) * WIND_UP_SHARE * factor)), tail }
}

/**
 * Keeps with the run until when it should be done, and how the rest is asked then; what is not said stays as it was. Throws
 * `usage` for a deadline that is over, and for a tail that the run cannot have.
 */
export async function setDeadline(
  context: Pick<RunContext, 'clock' | 'provider' | 'settings' | 'store'>,
  { deadline: wish, tail }: Pick<Steering, 'deadline' | 'tail'>,
): Promise<void> {
  const { clock, settings, store } = context
  const { deadline: before } = await store.record()
  const way = tail ?? before?.tail ?? null
  const deadline = deadlineFrom(wish ?? before ?? 'none', clock.now(), settings.waits.windUpMs, way)
  if (tail !== undefined) await assertTail(context, tail, deadline)
  await store.setDeadline(deadline)
}

/**
 * Asks for the run to be cancelled once its deadline is near, so that what was finished can be harvested in time. What was
 * not answered by then ends as `cancelled`; nothing is sent anywhere else in its place while it may be alive. A tail goes on
 * until the deadline itself.
 */
export async function heedDeadline(context: RunContext): Promise<void> {
  const { clock, emit, store } = context
  const { cancelRequestedAt, deadline, tailBegunAt } = await store.record()
  if (deadline === null || cancelRequestedAt !== null) return
  if (clock.now() < (tailBegunAt === null ? deadline.windUpAt : deadline.at)) return
  if (tailBegunAt === null) await dropTailOfHeld(context, deadline)
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

/**
 * The same for a run of which nothing may be sent yet, once the deadline itself has come: then no tail begins either. Returns
 * the milliseconds until then.
 */
export async function heedPassedDeadline(context: RunContext): Promise<number> {
  const { clock, store } = context
  const { deadline } = await store.record()
  const leftMs = (deadline?.at ?? Number.POSITIVE_INFINITY) - clock.now()
  if (leftMs <= 0) await heedDeadline(context)
  return leftMs
}

/** What waits for a decision of a person is not bought in another way without it. */
async function dropTailOfHeld({ emit, store }: RunContext, deadline: Deadline): Promise<void> {
  if (deadline.tail === null) return
  const held = (await store.unfinishedAttempts()).find(({ stage }) => stage === 'held')
  if (!held && (await store.record()).stopLoss?.state !== 'stopped') return
  await store.setDeadline({ ...deadline, tail: null })
  const what = held ? `batch ${held.batch} is held for a decision` : 'rows that failed alike have stopped the run'
  const message = `nothing is asked directly at the deadline, because ${what}`
  emit({ type: 'warning', code: 'tail', message, batch: held?.batch ?? null })
}
