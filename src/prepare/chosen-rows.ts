import { limitRows, sampleRows } from '../input/take.ts'
import type { ReadRow } from '../model/row.ts'

/** Choice of the rows of an input that are prepared. */
export interface RowChoice {
  /** Only the first rows. */
  readonly limit?: number | undefined
  /** Only this many rows, drawn at random, in input order; the same ones each time for the same seed. */
  readonly sample?: number | undefined
  /** @default 1 */
  readonly seed?: number | undefined
  /** Told again and again how many rows were read, those included that a sample leaves out. */
  readonly onRead?: ((rows: number) => void) | undefined
}

/** The rows of an input that are prepared, in its order. */
export function chosenRows(
  rows: AsyncIterable<readonly ReadRow[]>,
  { limit, onRead, sample, seed }: RowChoice,
): AsyncIterable<readonly ReadRow[]> {
  const limited = limit === undefined ? rows : limitRows(rows, limit)
  const read = onRead === undefined ? limited : counted(limited, onRead)
  return sample === undefined ? read : sampleRows(read, sample, seed ?? 1)
}

async function* counted(
  lists: AsyncIterable<readonly ReadRow[]>,
  onRead: (rows: number) => void,
): AsyncIterable<readonly ReadRow[]> {
  let rows = 0
  for await (const list of lists) {
    rows += list.length
    onRead(rows)
    yield list
  }
}
