/** Different values that are counted apart; those that come later are counted together. */
export const MOST_VALUES = 1_000

/** Values longer than this are not labels; they are counted together. */
export const LONGEST_VALUE = 100

/** A value with how often it came, and the first row that had it. */
export interface CountedValue {
  readonly value: string
  readonly count: number
  readonly example: string
}

/** Frequency of each value. */
export interface CountedValues {
  /** All values counted, long and late ones included. */
  readonly total: number
  /** The most frequent first; their counts are exact. */
  readonly values: readonly CountedValue[]
  /** Values longer than `LONGEST_VALUE` characters. */
  readonly long: number
  /** Values that came when `MOST_VALUES` different ones were known and were none of these. */
  readonly other: number
}

/**
 * Counts values with bounded memory. A value that is known keeps its exact count; when the table is full, values that
 * are not in it are counted together.
 */
export class ValueCounts {
  readonly #counts = new Map<string, { count: number; readonly example: string }>()
  readonly #longest: number
  #total = 0
  #long = 0
  #other = 0

  constructor(longest = LONGEST_VALUE) {
    this.#longest = longest
  }

  add(value: string, example: string): void {
    this.#total += 1
    if (value.length > this.#longest) {
      this.#long += 1
      return
    }
    const known = this.#counts.get(value)
    if (known) known.count += 1
    else if (this.#counts.size < MOST_VALUES) this.#counts.set(value, { count: 1, example })
    else this.#other += 1
  }

  result(): CountedValues {
    const values = [...this.#counts]
      .map(([value, { count, example }]) => ({ value, count, example }))
      .sort((one, other) => other.count - one.count)
    return { total: this.#total, values, long: this.#long, other: this.#other }
  }
}

/**
 * True where the values look like labels: they repeat, and all or nearly all of them were counted apart.
 */
export function areLabels({ long, other, total, values }: CountedValues): boolean {
  const counted = total - long - other
  return (
    other === 0 &&
    values.length > 0 &&
    counted >= total / 2 &&
    (values.length <= 10 ? values.length < total : values.length * 2 <= counted)
  )
}
