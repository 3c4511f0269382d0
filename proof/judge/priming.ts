import type { BatchBooks } from '../books.ts'
import type { Evidence } from '../evidence.ts'
import { beginningOf } from '../plan.ts'
import { type Violation, violationOf } from '../violation.ts'

/**
 * What must be true of priming: no batch whose rows share a beginning that is to be kept is made while the first one with
 * that beginning is at work. Not asked of a run in which a batch was held, after which the others go on, nor of one whose
 * rows are appended in portions, each of which begins anew.
 */
export function judgePriming({ books, plan, trace }: Evidence): readonly Violation[] {
  const wasHeld = trace.events.some((event) => event.type === 'batch' && event.stage === 'held')
  if (wasHeld || plan.portions !== null || plan.beginnings === null) return []
  const { beginnings } = plan
  const inOrder = books
    .filter(({ isExtra }) => !isExtra)
    .toSorted((one, other) => one.batch.createdAtMs - other.batch.createdAtMs)
  const firstWith = new Map<string, BatchBooks>()
  const early = new Set<string>()
  for (const one of inOrder) {
    for (const beginning of new Set(one.marked.map((nonce) => beginningOf(nonce, beginnings)))) {
      const first = firstWith.get(beginning) ?? one
      firstWith.set(beginning, first)
      if (first !== one && one.batch.createdAtMs < first.endedAtMs) early.add(one.batch.id)
    }
  }
  return violationOf('primed in vain', 'batches that did not wait for the cache', [...early])
}
