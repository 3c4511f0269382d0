import type { Round } from '../model/round.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { CollectPorts } from './ports.ts'
import { Settling } from './settle.ts'
import { planOf, settlementOf } from './settlement.ts'

/**
 * Settles a held batch whose results the provider no longer has: every request of it is `missing`, and whether it was
 * billed is unknown. Done only when the user gives the run up; nothing is bought again by this.
 */
export async function giveUpResults(
  ports: CollectPorts,
  attempt: AttemptRecord,
  round: Pick<Round, 'cancelledBy'>,
): Promise<void> {
  const plan = await planOf(ports, attempt.batchKey)
  const found = await new Settling(ports, attempt, plan, round).finish('completed', [])
  const { settlement } = await settlementOf(ports, attempt, { ...found, plan }, 'collected')
  await ports.store.moveAttempt(attempt.key, 'held', 'ended')
  await ports.store.settleAttempt(attempt.key, 'collected', {}, settlement)
}
