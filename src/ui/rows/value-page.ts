import { outputOf } from '../../output/answer.ts'
import { fieldCounts } from '../../results/field-counts.ts'
import { jsonAnswerOf } from '../../results/json-answer.ts'
import { areLabels, type CountedValues, ValueCounts } from '../../results/value-counts.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { ValuePage } from '../contract.ts'
import { cursorOf, readNumber } from '../http/parameters.ts'
import { schemaFields } from '../runs/schema-fields.ts'
import type { UiSurroundings } from '../surroundings.ts'
import { statusOfRow } from './row-filter.ts'

/** Rows whose answers are counted for one request. */
const MOST_ROWS = 4_000
const MOST_BYTES = 16 * 1_024 * 1_024

/** Stands for an answer that is text as a whole. */
const WHOLE = ''

/** Counts the values of a field in a piece of the run. */
export async function valuePage(
  { home, runs }: UiSurroundings,
  run: RunRecord,
  parameters: URLSearchParams,
): Promise<ValuePage> {
  const { rows } = await runs.open(run)
  const frozen = await rows.frozen()
  const from = readNumber(parameters.get('cursor') ?? undefined, 'cursor', 0)
  const counting = new Counting()
  const batches = await home.store.read(run.id).batches()
  let place = Math.min(from, frozen.rowCount)
  let bytes = 0
  while (place < frozen.rowCount && place < from + MOST_ROWS && bytes < MOST_BYTES) {
    const end = frozen.block(frozen.blockOf(place)).rowEnd
    const standing = await rows.standing(await frozen.read(place, end, false), batches)
    const answered = standing.filter((row) => statusOfRow(row) === 'succeeded')
    for await (const part of rows.answers(answered, run)) {
      for (const [{ at, request }, outcome] of part) {
        counting.add(at.row, outputOf(outcome))
        bytes += request?.newest.result?.length ?? 0
      }
    }
    place = end
  }
  const { answer } = run.definition
  const told = counting.page(parameters.get('field') ?? undefined, answer === null ? [] : schemaFields(answer.schema))
  return { ...told, from, lookedTo: place, total: frozen.rowCount, next: cursorOf(place, frozen.rowCount) }
}

/** Counts of the values of all fields, by the rows of a piece. */
class Counting {
  readonly #whole = new ValueCounts()
  readonly #fields = fieldCounts()
  #answered = 0

  add(row: number, output: string | null): void {
    this.#answered += 1
    const json = jsonAnswerOf(output)
    if (json === undefined) this.#whole.add((output ?? '').trim(), String(row))
    else this.#fields.add(json, String(row))
  }

  page(
    wanted: string | undefined,
    known: readonly string[],
  ): Pick<ValuePage, 'answeredRows' | 'field' | 'fields' | 'otherRows' | 'values'> {
    const found = new Map<string, CountedValues>()
    const whole = this.#whole.result()
    if (whole.total > 0) found.set(WHOLE, whole)
    for (const { path, values } of this.#fields.result().fields) found.set(path, values)
    const labelled = [...found].find(([, values]) => areLabels(values))?.[0]
    const field = wanted ?? labelled ?? known[0] ?? [...found.keys()][0] ?? WHOLE
    const { long, other, values } = found.get(field) ?? { long: 0, other: 0, values: [] }
    return {
      field,
      fields: [...new Set([...known, ...found.keys()])],
      values: values.map(({ count, example, value }) => ({ value, rows: count, exampleRow: Number(example) })),
      otherRows: long + other,
      answeredRows: this.#answered,
    }
  }
}
