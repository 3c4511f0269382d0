/**
 * Cells for columns that want so many each and share what there is: small ones get what they want, the others the same
 * part of the rest, none less than `least`.
 */
export function columnWidths(wanted: readonly number[], available: number, least = 1): readonly number[] {
  const widths = wanted.map(() => 0)
  const smallestFirst = wanted.map((cells, place) => ({ cells, place })).sort((one, other) => one.cells - other.cells)
  let left = available
  for (const [done, { cells, place }] of smallestFirst.entries()) {
    const share = Math.max(least, Math.floor(left / (wanted.length - done)))
    const width = Math.min(cells, share)
    widths[place] = width
    left -= width
  }
  return widths
}
