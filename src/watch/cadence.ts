import { type Backoff, backoffMs } from '../lib/backoff.ts'
import type { RemoteStatus } from '../model/attempt.ts'

/**
 * Milliseconds until the next look at a batch: from `pollMs`, half as much again with each look, up to `pollMostMs`.
 * A batch that is about to end (finalizing, cancelling) is looked at four times as often as the age alone would say.
 */
export function nextPollMs(
  waits: { readonly pollMs: number; readonly pollMostMs: number },
  polls: number,
  status: RemoteStatus | null,
  fraction: number,
): number {
  const backoff: Backoff = { firstMs: waits.pollMs, factor: 1.5, mostMs: waits.pollMostMs }
  const interval = backoffMs(backoff, polls, fraction)
  const isEnding = status === 'finalizing' || status === 'cancelling'
  return isEnding ? Math.max(Math.min(interval, waits.pollMs), Math.round(interval / 4)) : interval
}

/**
 * The longest interval while another batch waits for the end of this one, in whole milliseconds: a part of its age, so that
 * little of the time is lost in which the next one could have been at work, whether batches take minutes or hours.
 */
export function shortOfRoomMs(waits: { readonly pollMs: number }, ageMs: number): number {
  return Math.max(waits.pollMs, Math.round(ageMs / 30))
}
