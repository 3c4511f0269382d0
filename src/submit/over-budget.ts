import { type BudgetReason, because } from '../model/reason.ts'
import { MOVED, type Step, WAITED } from '../model/step.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { dayAfter } from './budget.ts'
import type { SubmitPorts } from './ports.ts'

/** Reasons of a hold that are judged anew whenever the run is taken up, because asking costs nothing. */
export const BUDGET_CODES: readonly BudgetReason['kind'][] = ['over_budget', 'over_day_budget', 'price_unknown']

/**
 * A batch that does not fit under a cap waits while the true cost of others may leave room for it; otherwise it is held
 * with the numbers. What is in flight goes on and is collected.
 */
export async function standBack(
  { clock, settings, store }: Pick<SubmitPorts, 'clock' | 'settings' | 'store'>,
  attempt: AttemptRecord,
  reason: BudgetReason,
): Promise<Step> {
  if (reason.kind !== 'price_unknown' && reason.mayFitLater) {
    await store.noteAttempt(attempt.key, {
      nextAt: clock.now() + settings.waits.pollMs,
      ...because(reason),
    })
    return WAITED
  }
  await store.moveAttempt(attempt.key, attempt.stage, 'held', {
    heldFrom: attempt.stage,
    ...because(reason),
    nextAt: reason.kind === 'over_day_budget' ? dayAfter(clock.now()) : clock.now(),
  })
  return MOVED
}
