import type { OutcomeStatus } from '../model/outcome.ts'
import { answerId, errorOf, outputOf, statusOf } from '../output/answer.ts'
import { type FieldCounts, type FieldSummary, fieldCounts } from './field-counts.ts'
import type { RowView } from './row-view.ts'
import { type CostSum, SpendingSums, type TokenSums } from './spending-sums.ts'
import { type CountedValues, ValueCounts } from './value-counts.ts'

/** Summary of a set of rows. Every row is counted in `statuses` exactly once. */
export interface RowSummary {
  readonly rows: number
  readonly statuses: Readonly<Partial<Record<OutcomeStatus | 'pending', number>>>
  readonly causes: Causes
  readonly tokens: TokenSums
  readonly cost: CostSum
  /** Answers of rows that succeeded, where they are text. */
  readonly labels: CountedValues
  /** The parts of answers that are JSON, of rows that succeeded. */
  readonly fields: readonly FieldSummary[]
  /** True where answers have more parts than are counted. */
  readonly hasMoreFields: boolean
}

/** Causes of rows that did not succeed, the most frequent first. */
export interface Causes {
  readonly list: readonly Cause[]
  /** Rows with a cause that came when a thousand different ones were known already. */
  readonly other: number
}

export interface Cause {
  readonly status: string
  /** The error's code and words; null where none were given. */
  readonly error: string | null
  readonly count: number
  /** The id of the first row with it. */
  readonly example: string
}

/** Between the parts of a key; occurs in no status. */
const SEPARATOR = '\n'

/** Longest cause that is told apart: the texts of providers are cut before they are stored. */
const LONGEST_CAUSE = 4_000

/** Adds rows up, one at a time, with bounded memory. */
export class RowSumming {
  #rows = 0
  readonly #statuses = new Map<OutcomeStatus | 'pending', number>()
  readonly #causes = new ValueCounts(LONGEST_CAUSE)
  readonly #labels = new ValueCounts()
  readonly #fields: FieldCounts = fieldCounts()
  readonly #spending = new SpendingSums()

  add(view: RowView): void {
    const { row } = view
    const status = statusOf(row)
    const id = answerId(row)
    this.#rows += 1
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    if (status === 'succeeded') this.#addAnswer(view, id)
    else if (status !== 'pending') this.#causes.add(`${status}${SEPARATOR}${errorOf(row) ?? ''}`, id)
    this.#spending.add(view)
  }

  result(): RowSummary {
    const causes = this.#causes.result()
    return {
      rows: this.#rows,
      statuses: Object.fromEntries(this.#statuses),
      causes: { list: causes.values.map(causeFrom), other: causes.long + causes.other },
      ...this.#spending.result(),
      labels: this.#labels.result(),
      ...this.#fields.result(),
    }
  }

  #addAnswer({ json: readJson, row }: RowView, id: string): void {
    const json = readJson()
    if (json === undefined) this.#labels.add((outputOf(row) ?? '').trim(), id)
    else this.#fields.add(json, id)
  }
}

function causeFrom({ count, example, value }: CountedValues['values'][number]): Cause {
  const at = value.indexOf(SEPARATOR)
  return { status: value.slice(0, at), error: value.slice(at + 1) || null, count, example }
}
