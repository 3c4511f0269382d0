import type { BatchKind } from '../model/batch.ts'
import { type BudgetReason } from '../model/reason.ts'
import type { Target } from '../model/target.ts'
import { expectedAnswer } from '../prices/answer-length.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { SpendingTerms } from '../store/port/money.ts'
import { type Allowance, allowanceOf, type CallSize, dayOf, judge } from './budget.ts'
import type { SubmitPorts } from './ports.ts'

type Ports = Pick<SubmitPorts, 'budget' | 'clock' | 'store'>

/** What is to be set aside for a call of this size, by what the run and the home have seen so far. */
export async function allowanceFor(
  { budget, store }: Pick<Ports, 'budget' | 'store'>,
  target: Target,
  size: CallSize,
  kind: BatchKind,
): Promise<Allowance> {
  const [thisRun, earlier, { definition }] = await Promise.all([
    store.shownAnswers(target),
    budget.answersBefore(target),
    store.record(),
  ])
  const expected = expectedAnswer(target, { thisRun, earlier })
  // What a tail asks has no marks.
  const isMarked = definition.primeCache && kind !== 'tail'
  return allowanceOf(size, { price: budget.priceOf(target), expected, kind, isMarked })
}

/**
 * What is asked of the store when an attempt is about to be paid for, as a batch or in synchronous calls: to set its cost
 * aside under its nonce, if the caps allow it.
 */
export async function spendingTerms(ports: Ports, attempt: AttemptRecord): Promise<SpendingTerms> {
  const { budget, clock } = ports
  const { kind, nonce: id, requestCount: requests, target } = attempt
  const { micros } = await allowanceFor(ports, target, sizeOf(attempt), kind)
  const now = clock.now()
  const asked = { name: `batch ${attempt.batch}`, micros }
  return {
    reservation: { id, kind, target, requests, at: now, micros },
    since: dayOf(now),
    refuse: (standing) => judge(asked, standing, budget),
  }
}

/**
 * What a create would be refused for just now; null where it would not. Asked before the upload, so that nothing is
 * uploaded that cannot be paid for; only what is answered in the transaction of the create counts.
 */
export async function overspendingOf(ports: Ports, attempt: AttemptRecord): Promise<BudgetReason | null> {
  const { budget, store } = ports
  if (budget.runMicros === null && budget.dayMicros === null) return null
  const terms = await spendingTerms(ports, attempt)
  return terms.refuse(await store.spending(terms.since))
}

/** What a batch is made of, as far as its cost follows from it. */
export function sizeOf({ mostOutputTokens, requestCount, tokens }: AttemptRecord): CallSize {
  return { requests: requestCount, inputTokens: tokens, mostOutputTokens }
}
