import { exactMcNemar, type Share, shareOf } from './statistics.ts'
import { LONGEST_VALUE, MOST_VALUES } from './value-counts.ts'

/** Accuracy of runs, measured by a column of right answers. */
export interface Accuracy {
  /** Rows that have a right answer and a result in every run. */
  readonly rows: number
  /** Of each run: the share of right rows. A row without a usable answer is not right. */
  readonly runs: readonly Share[]
  /** Every two runs on the rows where only one is right. */
  readonly duels: readonly Duel[]
  /** By right answer, the most frequent first. */
  readonly labels: readonly LabelAccuracy[]
  /** Rows whose right answer is not in the list: longer ones, and those that came when a thousand were known. */
  readonly otherLabels: number
}

export interface Duel {
  readonly first: number
  readonly second: number
  readonly onlyFirst: number
  readonly onlySecond: number
  /** Of the exact test of McNemar, two-sided. */
  readonly p: number
}

export interface LabelAccuracy {
  readonly gold: string
  readonly rows: number
  /** Rows that each run has right. */
  readonly right: readonly number[]
}

/** Adds up how right runs are, with bounded memory. */
export class AccuracyCounting {
  readonly #right: number[]
  readonly #duels: { readonly first: number; readonly second: number; onlyFirst: number; onlySecond: number }[]
  readonly #labels = new Map<string, { rows: number; readonly right: number[] }>()
  #rows = 0
  #otherLabels = 0

  constructor(runs: number) {
    this.#right = zeros(runs)
    this.#duels = pairsOf(runs).map(([first, second]) => ({ first, second, onlyFirst: 0, onlySecond: 0 }))
  }

  /** Adds one row: its right answer, and which runs have it. */
  add(gold: string, isRight: readonly boolean[]): void {
    this.#rows += 1
    addRight(this.#right, isRight)
    for (const duel of this.#duels) {
      if (isRight[duel.first] === isRight[duel.second]) continue
      if (isRight[duel.first]) duel.onlyFirst += 1
      else duel.onlySecond += 1
    }
    const label = this.#labelOf(gold)
    if (!label) {
      this.#otherLabels += 1
      return
    }
    label.rows += 1
    addRight(label.right, isRight)
  }

  result(): Accuracy {
    return {
      rows: this.#rows,
      runs: this.#right.map((right) => shareOf(right, this.#rows)),
      duels: this.#duels.map((duel) => ({ ...duel, p: exactMcNemar(duel.onlyFirst, duel.onlySecond) })),
      labels: [...this.#labels]
        .map(([gold, { right, rows }]) => ({ gold, rows, right }))
        .sort((one, other) => other.rows - one.rows),
      otherLabels: this.#otherLabels,
    }
  }

  #labelOf(gold: string): { rows: number; readonly right: number[] } | undefined {
    const known = this.#labels.get(gold)
    if (known || this.#labels.size >= MOST_VALUES || gold.length > LONGEST_VALUE) return known
    const label = { rows: 0, right: zeros(this.#right.length) }
    this.#labels.set(gold, label)
    return label
  }
}

/** Every two of so many, each once. */
export function pairsOf(count: number): readonly (readonly [first: number, second: number])[] {
  return Array.from({ length: count }, (_, first) => first).flatMap((first) =>
    Array.from({ length: count - first - 1 }, (_, more): readonly [number, number] => [first, first + 1 + more]),
  )
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0)
}

function addRight(counts: number[], isRight: readonly boolean[]): void {
  for (const [run, right] of isRight.entries()) if (right) counts[run] = (counts[run] ?? 0) + 1
}
