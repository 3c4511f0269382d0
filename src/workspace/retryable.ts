import type { Configuration } from '../config/configuration.ts'
import { sumKnown } from '../lib/sum.ts'
import { type Billed, OUTCOME_STATUSES, type OutcomeStatus } from '../model/outcome.ts'
import { costOfParts } from '../prices/bill.ts'
import { longContextTokens } from '../prices/price.ts'
import type { AttemptRecord, Reopening, RunStore, UnsuccessfulRows } from '../store/store.ts'
import { priceList } from './budget.ts'

/** Statuses whose requests are sent again by a plain `retry`, where nothing was billed for them. */
const UNFINISHED: readonly OutcomeStatus[] = ['failed', 'expired', 'cancelled', 'missing']

const ANY: readonly Billed[] = ['yes', 'no', 'unknown']

/** Which requests are given back. */
export function chosenBy(statuses: readonly OutcomeStatus[]): Pick<Reopening, 'statuses' | 'billed'> {
  return statuses.length > 0 ? { statuses, billed: ANY } : { statuses: UNFINISHED, billed: ['no'] }
}

/** Rows without a usable answer, by what a `retry` may do for them. */
export interface Retryable {
  /** Rows that a plain `retry` sends again, because nothing was billed for them. */
  readonly unbilled: readonly StatusRows[]
  /** All others: they were billed, or may have been, and are bought again only where their status is named. */
  readonly billed: readonly StatusRows[]
  /** US dollars that the billed ones cost the last time; null where that is not known of all of them. */
  readonly billedUsd: number | null
}

/** Number of rows with one status. */
export interface StatusRows {
  readonly status: OutcomeStatus
  readonly rows: number
}

/** Reads what can be sent again. Statuses that no row has are left out. */
export async function retryableOf(
  store: Pick<RunStore, 'unsuccessful'>,
  { prices }: Pick<Configuration, 'prices'>,
  attempts: readonly AttemptRecord[],
): Promise<Retryable> {
  const all = await store.unsuccessful(longContextTokens(attempts[0]?.target.provider ?? ''))
  const plain = chosenBy([])
  const isPlain = ({ billed, status }: UnsuccessfulRows): boolean =>
    plain.billed.includes(billed) && plain.statuses.includes(status)
  const billed = all.filter((part) => !isPlain(part))
  return {
    unbilled: byStatus(all.filter(isPlain)),
    billed: byStatus(billed),
    billedUsd: costOf(billed, priceList(prices), attempts),
  }
}

function byStatus(parts: readonly UnsuccessfulRows[]): readonly StatusRows[] {
  return OUTCOME_STATUSES.map((status) => ({
    status,
    rows: parts.filter((part) => part.status === status).reduce((sum, part) => sum + part.rows, 0),
  })).filter(({ rows }) => rows > 0)
}

function costOf(
  parts: readonly UnsuccessfulRows[],
  priceOf: ReturnType<typeof priceList>,
  attempts: readonly AttemptRecord[],
): number | null {
  const byKey = new Map(attempts.map((attempt) => [attempt.key, attempt]))
  const costs = parts.map((part) => {
    const attempt = part.attemptKey === null ? undefined : byKey.get(part.attemptKey)
    return attempt ? costOfParts([part], priceOf(attempt.target), attempt.kind) : 0
  })
  return sumKnown(costs)
}
