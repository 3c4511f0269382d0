import type { Configuration } from '../config/configuration.ts'
import type { Billed, OutcomeStatus } from '../model/outcome.ts'
import { isFinished } from '../model/run.ts'
import { costOfRequest, findPrice } from '../prices/cost.ts'
import type { QuestionRecord, RowResultRecord, RunStore } from '../store/store.ts'

/** Statuses whose requests are sent again by a plain `retry`, where nothing was billed for them. */
const UNFINISHED: readonly OutcomeStatus[] = ['failed', 'expired', 'cancelled', 'missing']

/** What is sent again. */
export interface RetryOptions {
  /** Outcomes to buy again, also where they were or may have been billed; none for what was certainly not billed. */
  readonly statuses: readonly OutcomeStatus[]
}

/**
 * Gives requests back to be sent: by default those that ended without an answer and certainly without a bill; what may
 * have been billed only when its status is named. Returns how many rows they answer; the run is open again when there are any.
 */
export async function reopen(store: RunStore, { statuses }: RetryOptions): Promise<number> {
  const count = await countReopened(store, statuses)
  const { state } = await store.record()
  if (count > 0 && isFinished(state)) await store.reopenRun()
  return count
}

/** What buying requests again may cost. */
export interface RetryBill {
  /** Rows that ended with one of the statuses. */
  readonly rows: number
  /** Those of them that were billed, or may have been. */
  readonly billed: number
  /** US dollars that the billed ones cost the last time, shared requests once; null where that is not known of all of them. */
  readonly lastCostUsd: number | null
}

/** Rows looked at together. */
const PAGE_ROWS = 4_000

/** Adds up what requests with these outcomes cost the last time, to be said before they are bought again. */
export async function billOf(
  store: RunStore,
  statuses: readonly OutcomeStatus[],
  prices: Configuration['prices'],
): Promise<RetryBill> {
  let bill: RetryBill = { rows: 0, billed: 0, lastCostUsd: 0 }
  let after = -1
  for (;;) {
    const page = await store.rowResults(after, PAGE_ROWS)
    for (const row of page) if (isOneOf(row.state, statuses)) bill = addToBill(bill, row, prices)
    const last = page.at(-1)
    if (!last) return bill
    after = last.row
  }
}

function isOneOf(state: RowResultRecord['state'], statuses: readonly OutcomeStatus[]): boolean {
  return statuses.some((status) => status === state)
}

function addToBill(bill: RetryBill, row: RowResultRecord, prices: Configuration['prices']): RetryBill {
  const rows = bill.rows + 1
  const billed = (row.questions ?? [row]).filter(({ result }) => result !== null && result.billed !== 'no')
  if (billed.length === 0) return { ...bill, rows }
  if (row.isShared) return { ...bill, rows, billed: bill.billed + 1 }
  const costs = billed.map((question) => costOfQuestion(question, prices))
  const lastCostUsd = costs.reduce((sum, cost) => (sum === null || cost === null ? null : sum + cost), bill.lastCostUsd)
  return { rows, billed: bill.billed + 1, lastCostUsd }
}

function costOfQuestion({ kind, result, target }: QuestionRecord, prices: Configuration['prices']): number | null {
  if (!result || !target) return null
  return costOfRequest(result, findPrice(target.provider, target.model, prices), kind ?? 'batch')
}

async function countReopened(store: RunStore, statuses: readonly OutcomeStatus[]): Promise<number> {
  const any: readonly Billed[] = ['yes', 'no', 'unknown']
  if (statuses.length > 0) return await store.reopenRequests(statuses, any)
  return await store.reopenRequests(UNFINISHED, ['no'])
}
