import type { CarriedOver } from '../../../model/run.ts'
import type { SharedRows } from '../../../plan/sharing.ts'
import { dollars } from '../../../prices/dollars.ts'
import { counted } from '../terminal/quantity.ts'

/** Rows that an earlier run has answered: `1,000 rows from run k3f9, bought for $0.12`; null where none was named. */
export function describeCarried(carried: CarriedOver | null): string | null {
  if (carried === null) return null
  const { costUsd, from, rows } = carried
  if (rows === 0) return `none from run ${from}`
  return `${counted(rows, 'row')} from run ${from}, bought for ${costUsd === null ? 'an unknown sum' : dollars(costUsd)}`
}

/** Rows that share the request of an earlier one; null where there are none. */
export function describeShared(rows: number): string | null {
  return rows === 0 ? null : `${counted(rows, 'row')} with the request of an earlier row`
}

/** The same before it is bought, with what that saves. */
export function describeSaving(shared: SharedRows): string | null {
  const words = describeShared(shared.rows)
  return words === null || shared.savedUsd === null ? words : `${words}, which saves about ${dollars(shared.savedUsd)}`
}

/** What `--dedupe` would save; null where that is nothing. */
export function dedupeHint(sharable: SharedRows | null): string | null {
  if (sharable === null || sharable.rows === 0) return null
  const saved = sharable.savedUsd === null ? '' : `, and save about ${dollars(sharable.savedUsd)}`
  const verb = sharable.rows === 1 ? 'asks' : 'ask'
  return `${counted(sharable.rows, 'row')} ${verb} exactly what an earlier row asks; --dedupe would pay for it once${saved}`
}
