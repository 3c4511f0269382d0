import { answerId, statusOf } from '../output/answer.ts'
import { type Accuracy, AccuracyCounting, pairsOf } from './accuracy.ts'
import type { Comparable } from './comparable.ts'
import { PairComparing, type PairComparison } from './compare-pair.ts'
import type { JoinedRows } from './join-rows.ts'
import { type Spending, SpendingSums } from './spending-sums.ts'

/** Runs side by side on the rows that all of them have. */
export interface Comparison {
  /** Rows that all runs have. */
  readonly rows: number
  /** Of these, rows without a result in some run: compared by nothing but their status. */
  readonly pending: number
  /** Rows on which not all runs came to the same. */
  readonly different: number
  readonly runs: readonly ComparedRun[]
  /** Every two runs. */
  readonly pairs: readonly PairComparison[]
  /** Null where no column of right answers was named. */
  readonly accuracy: Accuracy | null
}

/** Result of one run on these rows. */
export interface ComparedRun extends Spending {
  readonly answered: number
}

/** One row of all runs, with its answers made ready. */
export interface ComparedRow {
  readonly rows: JoinedRows
  readonly answers: readonly Comparable[]
  /** The right answer, and its key; null where there is none. */
  readonly gold: { readonly text: string; readonly key: string } | null
}

/** Adds up how runs agree, one row at a time, with bounded memory. */
export class Comparing {
  readonly #pairs: readonly PairComparing[]
  readonly #places: readonly (readonly [first: number, second: number])[]
  readonly #sums: readonly SpendingSums[]
  readonly #accuracy: AccuracyCounting | null
  readonly #answered: number[]
  #rows = 0
  #pending = 0
  #different = 0

  constructor(runs: number, hasGold: boolean) {
    this.#places = pairsOf(runs)
    this.#pairs = this.#places.map(([first, second]) => new PairComparing(first, second))
    this.#sums = Array.from({ length: runs }, () => new SpendingSums())
    this.#answered = Array.from({ length: runs }, () => 0)
    this.#accuracy = hasGold ? new AccuracyCounting(runs) : null
  }

  /** Returns whether the row is one of those that differ. */
  add(row: ComparedRow): boolean {
    this.#rows += 1
    this.#addRuns(row)
    this.#addPairs(row)
    if (row.answers.some(({ isPending }) => isPending)) {
      this.#pending += 1
      return false
    }
    this.#addAccuracy(row)
    const differs = isDifferent(row.answers)
    if (differs) this.#different += 1
    return differs
  }

  result(): Comparison {
    return {
      rows: this.#rows,
      pending: this.#pending,
      different: this.#different,
      runs: this.#sums.map((sum, run) => ({ answered: this.#answered[run] ?? 0, ...sum.result() })),
      pairs: this.#pairs.map((pair) => pair.result()),
      accuracy: this.#accuracy?.result() ?? null,
    }
  }

  #addRuns({ answers, rows }: ComparedRow): void {
    for (const [run, sum] of this.#sums.entries()) {
      const looked = rows[run]
      if (looked) sum.add(looked)
      if (answers[run]?.isAnswered) this.#answered[run] = (this.#answered[run] ?? 0) + 1
    }
  }

  #addAccuracy({ answers, gold }: ComparedRow): void {
    if (!gold) return
    const isRight = answers.map((answer) => answer.isAnswered && answer.key === gold.key)
    this.#accuracy?.add(gold.text, isRight)
  }

  #addPairs({ answers, rows }: ComparedRow): void {
    for (const [index, [first, second]] of this.#places.entries()) {
      const [one, other] = [answers[first], answers[second]]
      const [example, row, otherRow] = [rows[0], rows[first], rows[second]]
      const pair = this.#pairs[index]
      if (!one || !other || !example || !row || !otherRow || !pair) continue
      pair.addStatuses(statusOf(row.row), statusOf(otherRow.row))
      if (one.isAnswered && other.isAnswered) pair.addAnswers(one, other, answerId(example.row))
    }
  }
}

/** True where answers differ, or only some runs have one. Rows that no run answered do not differ. */
function isDifferent(answers: readonly Comparable[]): boolean {
  const [first] = answers
  return answers.some((answer) =>
    answer.isAnswered && first?.isAnswered ? answer.key !== first.key : answer.isAnswered !== first?.isAnswered,
  )
}
