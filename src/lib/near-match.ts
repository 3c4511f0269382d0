/** The candidates that a mistyped word may have meant, the nearest first; at most three, often none. */
export function nearMatches(word: string, candidates: readonly string[]): readonly string[] {
  const typed = word.toLowerCase()
  const mostEdits = typed.length < 5 ? 1 : 2
  return candidates
    .map((candidate) => ({ candidate, edits: editDistance(typed, candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= mostEdits)
    .sort((left, right) => left.edits - right.edits)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** The candidates that a mistyped word may have meant, as ` (did you mean this or that?)`; empty where there are none. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = nearMatches(word, candidates)
  return near.length === 0 ? '' : ` (did you mean ${near.join(' or ')}?)`
}

/** Letters to insert, drop, replace, or swap with their neighbour, to get from one word to the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      const edits = [
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        ...(isSwapped ? [(beforeLast[column - 2] ?? 0) + 1] : []),
      ]
      current.push(Math.min(...edits))
    }
    beforeLast = last
    last = current
  }
  return last[to.length] ?? 0
}
