import { isFinal } from '../../src/server/state/record.ts'
import type { BatchBooks } from '../books.ts'
import type { Evidence } from '../evidence.ts'
import { type Violation, violationOf } from '../violation.ts'
import type { SentCall } from '../world/sent-call.ts'

/** What must not happen with synchronous calls, which cannot be found again at the provider. */
export function judgeCalls(evidence: Evidence): readonly Violation[] {
  const { calls } = evidence
  const early = calls.filter((call) => isBesideBatch(call, evidence))
  const again = calls.filter((call) => isAskedAgain(call, evidence))
  return [
    ...violationOf(
      'double call',
      'calls while a batch was alive',
      early.map(({ nonce }) => nonce),
    ),
    ...violationOf(
      'double call',
      'calls in doubt after which the row was asked again',
      again.map(({ nonce }) => nonce),
    ),
  ]
}

/**
 * True for a call that was sent while a batch was alive at the provider that holds its row; where the calls are those of a
 * tail, while any batch of the run was. Where batches carry no mark, a copy that a gateway made is like another user's.
 */
function isBesideBatch(call: SentCall, { books, plan, trace }: Evidence): boolean {
  const isInTail = plan.deadlineMs !== null && trace.retries.every(({ atMs }) => call.sentAtMs < atMs)
  return books.some(
    (one) =>
      (isInTail || one.rows.includes(call.nonce)) &&
      !(one.isExtra && plan.provider === 'anthropic') &&
      one.batch.createdAtMs < call.sentAtMs &&
      call.sentAtMs < diedAt(one),
  )
}

function diedAt({ batch, endedAtMs }: BatchBooks): number {
  return isFinal(batch.phase) ? endedAtMs : Number.POSITIVE_INFINITY
}

/** True for a call in doubt of whose row another call or a batch was made afterwards, and no retry had named it between. */
function isAskedAgain(call: SentCall, { books, calls, trace }: Evidence): boolean {
  if (call.end !== 'in doubt') return false
  const later = calls.slice(calls.indexOf(call) + 1).filter(({ nonce }) => nonce === call.nonce)
  const batched = books.filter(({ batch, rows }) => batch.createdAtMs > call.sentAtMs && rows.includes(call.nonce))
  const times = [...later.map(({ sentAtMs }) => sentAtMs), ...batched.map(({ batch }) => batch.createdAtMs)]
  return times.some(
    (time) => !trace.retries.some(({ atMs, named }) => named.has(call.nonce) && call.sentAtMs <= atMs && atMs <= time),
  )
}
