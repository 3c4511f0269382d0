import { type RowAt, RowsAt } from '../log/at/rows-at.ts'
import { type RowRecord, rowRecord } from '../log/row-records.ts'
import { type PresentRequest, RunLog } from '../log/run-log.ts'
import type { RowOutcome } from '../model/row.ts'
import type { BatchRecord } from '../store/port/batch.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunContext } from '../workspace/context.ts'
import { RecordAnswers, recordParts } from './answers.ts'

/** A row that was read by its number, and its request as it stands; undefined for a row without one. */
export interface StandingRow {
  readonly at: RowAt
  readonly request: PresentRequest | undefined
}

type Ports = Pick<RunContext, 'disk' | 'folder' | 'provider' | 'store'>

/** Requests whose batches stay in memory between questions: fifteen megabytes. */
const MOST_KEPT_REQUESTS = 200_000

/**
 * The rows of one run by their numbers, with what became of them. Keeps where rows lie and what became of some batches, so
 * that the next question about the same part is answered faster; what it tells belongs to the moment of the question.
 */
export class RunRows {
  readonly #ports: Ports
  readonly #log: RunLog
  #rows: { readonly portions: number; readonly at: RowsAt } | undefined

  constructor(ports: Ports) {
    this.#ports = ports
    this.#log = new RunLog(ports, undefined, MOST_KEPT_REQUESTS)
  }

  /** The log of the run, for plans of batches. */
  get log(): RunLog {
    return this.#log
  }

  /** The frozen rows; rows that were appended since are among them. */
  async frozen(): Promise<RowsAt> {
    const portions = await this.#ports.store.portions()
    if (this.#rows?.portions !== portions.length) {
      this.#rows = { portions: portions.length, at: await RowsAt.open(this.#ports, portions) }
    }
    return this.#rows.at
  }

  /** Rows with their requests as they stand by these batches. */
  async standing(rows: readonly RowAt[], batches: readonly BatchRecord[]): Promise<readonly StandingRow[]> {
    const ordinals = rows.flatMap(({ request }) => request ?? []).sort((one, other) => one - other)
    const requests = new Map<number, PresentRequest>()
    for await (const request of this.#log.some(new Set(ordinals), batches)) requests.set(request.ordinal, request)
    return rows.map((at) => ({ at, request: at.request === null ? undefined : requests.get(at.request) }))
  }

  /** Such rows with their answers, a few at a time, because answers may be long; their texts must have been read. */
  async *answers(
    rows: readonly StandingRow[],
    run: RunRecord,
  ): AsyncGenerator<readonly (readonly [StandingRow, RowOutcome])[], void> {
    const answers = new RecordAnswers(this.#ports, run)
    const records = rows.map(({ at, request }) => rowRecord(at.row, at, request))
    let next = 0
    try {
      for await (const part of recordParts(onePage(records))) {
        const those = rows.slice(next, next + part.length)
        next += part.length
        const outcomes = await answers.of(
          part,
          those.map(({ at }) => at.json ?? '{}'),
        )
        yield those.flatMap((row, index) => {
          const outcome = outcomes[index]
          return outcome ? [[row, outcome] as const] : []
        })
      }
    } finally {
      await answers.close()
    }
  }
}

async function* onePage(records: readonly RowRecord[]): AsyncIterable<readonly RowRecord[]> {
  yield records
}
