import type { Evidence } from '../evidence.ts'
import { type Violation, violation } from '../violation.ts'
import type { SentCreate } from '../world/sent-create.ts'
import { DECISION } from '../world/world.ts'

/**
 * Where nothing marks a batch, a create is not sent while another one of as many requests has no answer: of two batches in
 * the list, nothing would tell which one may have come of which. Not asked of a run that was cancelled, by its deadline as
 * well, in which creates are given up without a trace outside, nor of one after another, whose batches are not in the books
 * at hand.
 */
export function judgeCounts(evidence: Evidence): readonly Violation[] {
  const { plan, trace, world } = evidence
  const isCancelled = plan.cancelAfterMs !== null || plan.deadlineMs !== null || trace.report?.run.state === 'cancelled'
  if (plan.provider !== 'anthropic' || plan.earlier !== null || isCancelled) return []
  return world.creates.flatMap((create, place) => {
    const doubtful = world.creates.slice(0, place).find((earlier) => isConfusable(earlier, create, evidence))
    return doubtful
      ? [violation('double create', `two creates of ${create.rows.length} requests without an answer`)]
      : []
  })
}

function isConfusable(earlier: SentCreate, create: SentCreate, evidence: Evidence): boolean {
  const isSameWork = create.rows.some((nonce) => earlier.rows.includes(nonce))
  if (isSameWork || earlier.rows.length !== create.rows.length) return false
  return create.sentAt < Math.min(earlier.answeredAt, settledAt(earlier, evidence))
}

/** When a create without an answer was no longer in doubt: its batch was read, its work sent again, or a person decided. */
function settledAt({ rows, sentAt }: SentCreate, { books, world }: Evidence): number {
  const ids = books.filter((one) => one.rows.join() === rows.join()).map(({ batch }) => batch.id)
  const isSettling = (line: string): boolean =>
    line.endsWith(DECISION) || ids.some((id) => line.includes(`/${id}`) && line.endsWith('came to 200'))
  const read = world.trace.findIndex((line, at) => at > sentAt && isSettling(line))
  const again = world.creates.find((one) => one.sentAt > sentAt && one.rows.some((nonce) => rows.includes(nonce)))
  return Math.min(read < 0 ? Number.POSITIVE_INFINITY : read, again?.sentAt ?? Number.POSITIVE_INFINITY)
}
