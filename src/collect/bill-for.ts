import { billOf } from '../prices/bill.ts'
import { longContextTokens } from '../prices/price.ts'
import type { AttemptRecord, Bill } from '../store/store.ts'
import type { CollectPorts } from './ports.ts'

/** What the recorded results of an attempt cost, to take the place of what was set aside for it. */
export async function billFor(
  { priceOf, store }: Pick<CollectPorts, 'priceOf' | 'store'>,
  attempt: AttemptRecord,
): Promise<Bill> {
  const parts = await store.usageByAttempt(longContextTokens(attempt.target.provider), attempt.key)
  return billOf(parts, priceOf(attempt.target), attempt.kind)
}
