import { sampleRows } from '../input/take.ts'
import type { RowOutcome } from '../model/row.ts'
import type { RowSelection } from '../output/run-summary.ts'
import type { Condition } from './condition.ts'
import type { RowView } from './row-view.ts'

/** Which rows of a run are wanted. */
export interface Selection {
  /** All of them must be fulfilled. */
  readonly conditions: readonly Condition[]
  /** Only the first so many that fit; null for all. */
  readonly limit: number | null
  /** So many that fit, drawn at random; null for all. The same seed draws the same rows. */
  readonly sample: { readonly count: number; readonly seed: number } | null
}

/** Every row of a run. */
export const EVERY_ROW: Selection = { conditions: [], limit: null, sample: null }

/** True where every row of the run is wanted. */
export function isWhole({ conditions, limit, sample }: Selection): boolean {
  return conditions.length === 0 && limit === null && sample === null
}

/** The selection as it is written down. */
export function describeSelection({ conditions, limit, sample }: Selection): RowSelection {
  return {
    where: conditions.map(({ text }) => text),
    limit,
    sample: sample?.count ?? null,
    seed: sample?.seed ?? null,
  }
}

/**
 * The rows that are wanted, in input order; stops reading when it has enough. A sample reads everything and holds
 * its rows in memory, everything else is flat.
 */
export async function* selectRows(
  lists: AsyncIterable<readonly RowOutcome[]>,
  look: (row: RowOutcome) => RowView,
  selection: Selection,
): AsyncIterable<readonly RowView[]> {
  const fitting = fittingRows(lists, look, selection.conditions)
  const { limit, sample } = selection
  const drawn = sample === null ? fitting : sampleRows(fitting, sample.count, sample.seed)
  yield* limit === null ? drawn : firstRows(drawn, limit)
}

async function* fittingRows(
  lists: AsyncIterable<readonly RowOutcome[]>,
  look: (row: RowOutcome) => RowView,
  conditions: readonly Condition[],
): AsyncIterable<readonly RowView[]> {
  for await (const list of lists) {
    const rows = list.map(look).filter((row) => conditions.every((condition) => condition.matches(row)))
    if (rows.length > 0) yield rows
  }
}

async function* firstRows(lists: AsyncIterable<readonly RowView[]>, count: number): AsyncIterable<readonly RowView[]> {
  let left = count
  for await (const list of lists) {
    yield list.slice(0, left)
    left -= list.length
    if (left <= 0) return
  }
}
