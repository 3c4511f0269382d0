import { seededFraction } from '../lib/random.ts'
import type { ReadRow } from '../model/row.ts'

/** The first rows of an input, unreadable ones counted; the rest of it is not read. */
export async function* limitRows(
  lists: AsyncIterable<readonly ReadRow[]>,
  limit: number,
): AsyncIterable<readonly ReadRow[]> {
  let left = limit
  if (left <= 0) return
  for await (const list of lists) {
    yield list.length <= left ? list : list.slice(0, left)
    left -= list.length
    if (left <= 0) return
  }
}

/**
 * A random sample of rows in their own order, every row equally likely, unreadable ones of an input too. The same rows and
 * seed give the same sample. Reads everything and keeps `count` rows in memory.
 */
export async function* sampleRows<Row>(
  lists: AsyncIterable<readonly Row[]>,
  count: number,
  seed: number,
): AsyncIterable<readonly Row[]> {
  const fraction = seededFraction(seed)
  const kept: { readonly position: number; readonly row: Row }[] = []
  let position = 0
  for await (const list of lists) {
    for (const row of list) {
      // Algorithm R: the n-th row replaces a kept one with probability count / n.
      const slot = position < count ? position : Math.floor(fraction() * (position + 1))
      if (slot < count) kept[slot] = { position, row }
      position += 1
    }
  }
  if (kept.length > 0) yield kept.sort((one, other) => one.position - other.position).map(({ row }) => row)
}
