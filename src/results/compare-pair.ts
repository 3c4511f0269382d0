import type { Comparable } from './comparable.ts'
import { LONGEST_VALUE, ValueCounts } from './value-counts.ts'

/** Agreement of the answers of two runs. */
export interface PairComparison {
  /** Places of the two among the runs compared. */
  readonly first: number
  readonly second: number
  /** Rows that both answered, and how many of these answers are equal. */
  readonly answered: number
  readonly same: number
  /** Of answers that are JSON objects: the same for each member that either has. */
  readonly fields: readonly FieldAgreement[]
  /** Rows by what became of them in either run. */
  readonly statuses: readonly StatusPair[]
  /** Answers that differ, the most frequent pairs first. */
  readonly changes: readonly Change[]
  /** Differing answers that are in no pair of these: longer ones, and those that came when a thousand pairs were known. */
  readonly otherChanges: number
}

export interface FieldAgreement {
  readonly field: string
  readonly answered: number
  readonly same: number
}

export interface StatusPair {
  readonly first: string
  readonly second: string
  readonly rows: number
}

export interface Change {
  /** The member of a JSON answer, or null for the answer itself. */
  readonly field: string | null
  readonly first: string
  readonly second: string
  readonly rows: number
  /** The id of the first such row. */
  readonly example: string
}

/** Members of JSON answers that are counted apart. */
const MOST_FIELDS = 100

/** Adds up how two runs agree, with bounded memory. */
export class PairComparing {
  readonly #places: readonly [first: number, second: number]
  readonly #statuses = new Map<string, { readonly first: string; readonly second: string; rows: number }>()
  readonly #fields = new Map<string, { answered: number; same: number }>()
  readonly #changes = new ValueCounts(Number.POSITIVE_INFINITY)
  #answered = 0
  #same = 0
  #longChanges = 0

  constructor(first: number, second: number) {
    this.#places = [first, second]
  }

  addStatuses(first: string, second: string): void {
    const key = `${first} ${second}`
    const known = this.#statuses.get(key)
    if (known) known.rows += 1
    else this.#statuses.set(key, { first, second, rows: 1 })
  }

  /** Adds answers to one row; only where both answered. */
  addAnswers(first: Comparable, second: Comparable, example: string): void {
    this.#answered += 1
    if (first.members && second.members) this.#addMembers(first.members, second.members, example)
    if (first.key === second.key) this.#same += 1
    else if (!first.members || !second.members) this.#addChange(null, first.text, second.text, example)
  }

  result(): PairComparison {
    const [first, second] = this.#places
    const { other, values } = this.#changes.result()
    return {
      first,
      second,
      answered: this.#answered,
      same: this.#same,
      fields: [...this.#fields].map(([field, counts]) => ({ field, ...counts })),
      statuses: [...this.#statuses.values()].sort((one, two) => two.rows - one.rows),
      changes: values.map(({ count, example, value }) => {
        const [field, ...texts] = JSON.parse(value) as [string | null, string, string]
        return { field, first: texts[0], second: texts[1], rows: count, example }
      }),
      otherChanges: other + this.#longChanges,
    }
  }

  #addMembers(first: ReadonlyMap<string, string>, second: ReadonlyMap<string, string>, example: string): void {
    for (const field of new Set([...first.keys(), ...second.keys()])) {
      const counts = this.#fieldCounts(field)
      if (!counts) continue
      const [one, other] = [first.get(field), second.get(field)]
      counts.answered += 1
      if (one === other) counts.same += 1
      else this.#addChange(field, one ?? '', other ?? '', example)
    }
  }

  #fieldCounts(field: string): { answered: number; same: number } | undefined {
    const known = this.#fields.get(field)
    if (known || this.#fields.size >= MOST_FIELDS || field.length > LONGEST_VALUE) return known
    const counts = { answered: 0, same: 0 }
    this.#fields.set(field, counts)
    return counts
  }

  #addChange(field: string | null, first: string, second: string, example: string): void {
    if (first.length > LONGEST_VALUE || second.length > LONGEST_VALUE) this.#longChanges += 1
    else this.#changes.add(JSON.stringify([field, first, second]), example)
  }
}
