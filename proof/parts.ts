/** What the proof is made of, in the order in which it is carried out. */
export const PARTS = ['seeds', 'machines', 'steps', 'cells', 'repeated', 'defects', 'real'] as const

export type PartName = (typeof PARTS)[number]

/** Some of the cases of a part, counted from 1. */
export interface Range {
  readonly from: number
  readonly count: number
}

/** How much of a part makes it whole, where that is not simply all there is. */
export const GOALS = { seeds: 20_000, machines: 2_000, repeated: 50, real: 1_000, kills: 500 } as const

/** Cases that are kept together: a stop loses at most so many of each process. */
const CASES_PER_PIECE = {
  seeds: 1_000,
  machines: 500,
  steps: 1_000,
  cells: 1_000,
  repeated: GOALS.repeated,
  real: 50,
} as const

/** Cuts the cases of a part into pieces, always at the same places. */
export function piecesOf(part: keyof typeof CASES_PER_PIECE, { count, from }: Range): readonly Range[] {
  const size = CASES_PER_PIECE[part]
  const pieces: Range[] = []
  const end = from + count
  for (let at = from; at < end; ) {
    const next = Math.min(end, at - ((at - 1) % size) + size)
    pieces.push({ from: at, count: next - at })
    at = next
  }
  return pieces
}

/** The parts that are named in a list such as `seeds,real`. Throws for a name that is none. */
export function partsIn(list: string): readonly PartName[] {
  const names = list.split(',').filter(Boolean)
  const unknown = names.filter((name) => !PARTS.some((part) => part === name))
  if (unknown.length > 0) throw new Error(`there is no part named ${unknown.join(', ')}; there are ${PARTS.join(', ')}`)
  return PARTS.filter((part) => names.includes(part))
}
