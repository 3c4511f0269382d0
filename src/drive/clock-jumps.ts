import type { Waits } from '../config/settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunContext } from '../workspace/context.ts'
import { isActive } from './conclude.ts'

/** More than this between two looks is a jump: drift and corrections of a time server are far below. */
const LEAST_JUMP_MS = 5_000

/**
 * Notices that the wall clock was set, or that the machine slept: waits are instants of the wall clock, so they no
 * longer say how long was really waited.
 */
export class ClockWatch {
  readonly #clock: Clock
  #difference: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#difference = clock.now() - clock.monotonic()
  }

  /** True where the wall clock has jumped, either way, since this was asked last. */
  hasJumped(): boolean {
    const difference = this.#clock.now() - this.#clock.monotonic()
    const jumpMs = Math.abs(difference - this.#difference)
    this.#difference = difference
    return jumpMs >= LEAST_JUMP_MS
  }
}

/**
 * True where attempts remember instants that have not come yet: the clock was set back since, perhaps while nothing of
 * ours was running.
 */
export function isClockBehind(attempts: readonly AttemptRecord[], waits: Waits, now: number): boolean {
  const longestMs = Math.max(waits.settleMs, waits.unfencedMs, waits.retryAfterMostMs) + waits.retryBackoff.mostMs
  return attempts.filter(isActive).some((attempt) => {
    const { createdAt, endedAt, lastPollAt, nextAt, stage } = attempt
    const newest = Math.max(createdAt, endedAt ?? 0, lastPollAt ?? 0)
    return newest - now >= LEAST_JUMP_MS || (stage === 'unconfirmed' && nextAt - now > longestMs)
  })
}

/**
 * Begins all waits of a run again after a jump: what is only waited for politely is looked at now, and a wait that is
 * part of a proof is waited in full, because the process cannot know how much of it has passed.
 */
export async function restartWaits({ clock, emit, settings, store }: RunContext): Promise<void> {
  const now = clock.now()
  await store.bringBackQueues(now)
  for (const attempt of (await store.unfinishedAttempts()).filter(isActive)) {
    const waitMs = proofWaitMs(attempt, settings.waits)
    await store.noteAttempt(attempt.key, { nextAt: now + waitMs })
    if (waitMs === 0) continue
    const message = `the clock of this machine has jumped; the wait for batch ${attempt.batch} to appear at the provider starts again`
    emit({ type: 'warning', code: 'clock_jumped', message, batch: attempt.batch })
  }
}

/** How long absence must be waited for at this step; 0 where the next step proves nothing by waiting. */
function proofWaitMs({ reconcileStep, stage }: AttemptRecord, { settleMs, unfencedMs }: Waits): number {
  if (stage !== 'unconfirmed') return 0
  if (reconcileStep === 'second_listing' || reconcileStep === 'third_listing') return settleMs
  return reconcileStep === 'unfenced' ? unfencedMs : 0
}
