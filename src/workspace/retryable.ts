import type { Configuration } from '../config/configuration.ts'
import { sumKnown } from '../lib/number.ts'
import { type Billed, OUTCOME_STATUSES, type OutcomeStatus } from '../model/outcome.ts'
import type { TallyGroup } from '../model/tally.ts'
import { costOfParts } from '../prices/bill.ts'
import type { NewReopening } from '../store/port/batch.ts'
import { priceList } from './budget.ts'
import type { StandingGroup } from './standing.ts'

/** Statuses whose requests are sent again by a plain `retry`, where nothing was billed for them. */
const UNFINISHED: readonly OutcomeStatus[] = ['failed', 'expired', 'cancelled', 'missing']

const ANY: readonly Billed[] = ['yes', 'no', 'unknown']

/** Which requests are given back. */
export function chosenBy(statuses: readonly OutcomeStatus[]): Pick<NewReopening, 'statuses' | 'billed'> {
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
export function retryableOf(standing: readonly StandingGroup[], { prices }: Pick<Configuration, 'prices'>): Retryable {
  const all = standing.filter(({ group }) => !isFine(group))
  const plain = chosenBy([])
  const isPlain = ({ group: { billed, state } }: StandingGroup): boolean =>
    plain.billed.includes(billed) && plain.statuses.some((status) => status === state)
  const billed = all.filter((part) => !isPlain(part))
  return {
    unbilled: byStatus(all.filter(isPlain)),
    billed: byStatus(billed),
    billedUsd: costOf(billed, priceList(prices)),
  }
}

/** Has a usable answer, or one is waited for. */
function isFine({ state }: TallyGroup): boolean {
  return state === 'succeeded' || state === 'pending' || state === 'batched'
}

function byStatus(parts: readonly StandingGroup[]): readonly StatusRows[] {
  return OUTCOME_STATUSES.map((status) => ({
    status,
    rows: parts.filter(({ group }) => group.state === status).reduce((sum, { group }) => sum + group.rows, 0),
  })).filter(({ rows }) => rows > 0)
}

function costOf(parts: readonly StandingGroup[], priceOf: ReturnType<typeof priceList>): number | null {
  return sumKnown(
    parts.flatMap(({ batch: { kind, target }, group }) => [
      costOfParts([group], priceOf(target), kind),
      group.earlierUsd,
    ]),
  )
}
