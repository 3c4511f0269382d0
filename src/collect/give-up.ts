import { Outcomes } from '../log/outcomes.ts'
import { emptyOutcome } from '../model/outcome.ts'
import { resultStem } from '../model/result-ref.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { CollectPorts } from './ports.ts'
import { requestResult } from './request-result.ts'
import { planOf, settlementOf } from './settlement.ts'

/**
 * Settles a held batch of which no results will come: every request of it is `missing`, and whether it was billed is
 * unknown. Done only when the user gives it up; nothing is bought again by this. `why` is told with every row.
 */
export async function giveUp(ports: CollectPorts, attempt: AttemptRecord, why: string): Promise<void> {
  const plan = await planOf(ports, attempt.batchKey)
  const missing = emptyOutcome({ status: 'missing', code: 'missing', reason: why, billed: 'unknown', retryable: false })
  const outcomes = Outcomes.empty(plan.length)
  for (let index = 0; index < plan.length; index += 1) {
    outcomes.set(index, requestResult(missing, null, { verdict: 'final', countsAsTry: true }))
  }
  const settled = {
    outcomes,
    plan,
    resultFiles: [],
    cancelledBy: null,
    stem: resultStem(attempt.key, ports.store.fence),
  }
  const { settlement } = await settlementOf(ports, attempt, settled, 'collected')
  await ports.store.giveUpAttempt(attempt.key, settlement)
}
