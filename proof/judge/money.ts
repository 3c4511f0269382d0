import type { BatchBooks } from '../books.ts'
import type { Evidence } from '../evidence.ts'
import { answeredBefore } from '../evidence.ts'
import { type Violation, violation, violationOf } from '../violation.ts'
import { isTwin } from '../world/simulated-provider.ts'

/** What must not happen to the user's money. */
export function judgeMoney(evidence: Evidence): readonly Violation[] {
  return [
    ...billedTwice(evidence),
    ...carriedAndBilled(evidence),
    ...overTheCap(evidence),
    ...violationOf('sent when cancelled', 'calls', evidence.trace.sentWhenCancelled),
    ...doubleCreates(evidence),
    ...silentDuplicates(evidence),
    ...orphans(evidence),
    ...othersTouched(evidence),
  ]
}

/**
 * Under default settings no repeat is permitted, one for each invalid answer where the run asks again, and one for each
 * retry that names the status of the row. A request that several rows share counts once. A gateway's copy of our one POST is
 * the provider's, and counted apart.
 */
function billedTwice({ books, direct, directAnswers, plan, trace }: Evidence): readonly Violation[] {
  const own = books.filter(({ isExtra }) => !isExtra)
  const times = countsOf([...own.flatMap(({ billed }) => billed), ...direct])
  const unfit = countsOf([
    ...own.flatMap((one) => [...one.unfit]),
    ...directAnswers.filter((one) => one.isUnfit).map(({ nonce }) => nonce),
  ])
  const mostOf = (nonce: string): number => {
    const purchases = 1 + trace.retries.filter(({ named }) => named.has(nonce)).length
    return purchases + Math.min(purchases * (plan.reasks ?? 0), unfit.get(nonce) ?? 0)
  }
  const again = [...times].filter(([nonce, count]) => count > mostOf(nonce))
  return violationOf(
    'billed twice',
    'rows',
    again.map(([nonce]) => nonce),
  )
}

function countsOf(nonces: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const nonce of nonces) counts.set(nonce, (counts.get(nonce) ?? 0) + 1)
  return counts
}

/** What the earlier run has answered is not even asked again. */
function carriedAndBilled({ books, direct, earlier }: Evidence): readonly Violation[] {
  if (!earlier) return []
  const asked = new Set([...books.flatMap(({ rows }) => rows), ...direct])
  const again = answeredBefore(earlier).filter((nonce) => asked.has(nonce))
  return violationOf('billed twice', 'rows that the earlier run has answered', again)
}

/** What was booked while a cap was in force, with every answer limited. */
function overTheCap({ trace }: Evidence): readonly Violation[] {
  return trace.caps
    .filter(({ billedUsd, capUsd }) => billedUsd > capUsd)
    .map(({ billedUsd, capUsd }) => violation('over the cap', `$${billedUsd} of $${capUsd}`))
}

function doubleCreates({ books, plan, trace }: Evidence): readonly Violation[] {
  const ours = books.filter(({ batch, isExtra }) => !isExtra && batch.phase !== 'failed')
  const found: Violation[] = []
  for (const [place, one] of ours.entries()) {
    for (const other of ours.slice(place + 1)) {
      const isRetried = (nonce: string): boolean =>
        trace.retries.some(({ atMs, named }) => named.has(nonce) && isBetween(atMs, one, other))
      const mayAskAgain = (nonce: string): boolean => (plan.reasks !== null && one.unfit.has(nonce)) || isRetried(nonce)
      const shared = one.rows.filter((nonce) => other.rows.includes(nonce) && !mayAskAgain(nonce))
      const areAlive = other.batch.createdAtMs < one.endedAtMs && one.batch.createdAtMs < other.endedAtMs
      const wasPaid = shared.some((nonce) => one.billed.includes(nonce))
      if (shared.length === 0 || (!areAlive && !wasPaid)) continue
      found.push(violation('double create', `${one.batch.id} and ${other.batch.id} share ${shared.length} rows`))
    }
  }
  return found
}

function isBetween(atMs: number, one: BatchBooks, other: BatchBooks): boolean {
  const [first, second] = [one.batch.createdAtMs, other.batch.createdAtMs].toSorted((a, b) => a - b)
  return (first ?? 0) < atMs && atMs <= (second ?? 0)
}

/**
 * The client looks once for doubles, as decided; where listings are late, that look may come too early to show one. Where
 * batches carry no mark, nothing tells a gateway's copy from a batch of another user.
 */
function silentDuplicates({ books, plan, trace }: Evidence): readonly Violation[] {
  const told = new Set(trace.report?.incidents.flatMap(({ remoteIds }) => remoteIds))
  const isListingLate = plan.faults.some((rule) => /=(?:lag|late)/.test(rule))
  if (isListingLate || plan.provider === 'anthropic') return []
  return books
    .filter(({ batch, isExtra }) => isExtra && !told.has(batch.id))
    .map(({ batch }) => violation('silent provider duplicate', batch.id))
}

function orphans({ books, trace }: Evidence): readonly Violation[] {
  const { report } = trace
  const named = new Set([
    ...(report?.attempts.map(({ remoteId }) => remoteId) ?? []),
    ...(report?.incidents.flatMap(({ remoteIds }) => remoteIds) ?? []),
  ])
  return books
    .filter(({ batch, billed, isExtra }) => billed.length > 0 && !isExtra && !named.has(batch.id))
    .map(({ batch, billed }) => violation('orphan spend', `${batch.id} billed ${billed.length} rows`))
}

function othersTouched({ world }: Evidence): readonly Violation[] {
  const touched = [...world.provider.simulator.state.batches.values()].filter(
    (batch) => isTwin(batch) && (batch.isDeleted || batch.enteredAtMs.cancelling !== undefined),
  )
  return violationOf(
    'others touched',
    'batches',
    touched.map(({ id }) => id),
  )
}
