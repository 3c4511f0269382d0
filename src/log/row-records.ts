import type { BatchKind } from '../model/batch.ts'
import type { Problem } from '../model/problem.ts'
import type { RequestState } from '../model/tally.ts'
import type { Target } from '../model/target.ts'
import type { BatchRecord } from '../store/port/batch.ts'
import type { PortionRecord } from '../store/port/run.ts'
import { type Entry, type PlacedResult, placedResult } from './log-batch.ts'
import { rowsIn } from './portions.ts'
import type { LogPorts } from './ports.ts'
import { questionsOf, shownOf, stateOf } from './present.ts'
import { type RowFacts, RowFactsReader } from './row-facts.ts'
import type { PresentRequest, RunLog } from './run-log.ts'

/** A request as the row sees it that it was asked for. */
export interface QuestionRecord {
  /** Null for a row without a request. */
  readonly request: number | null
  /** `pending` and `batched` while there is no final result. */
  readonly state: RequestState | null
  readonly tries: number
  readonly target: Target | null
  /** How it was sent last; null for a row without a request. */
  readonly kind: BatchKind | null
  /** The final result, null while there is none. */
  readonly result: PlacedResult | null
}

/** A row with the place of its result. */
export interface RowRecord extends QuestionRecord {
  readonly row: number
  readonly line: number
  readonly id: string | null
  readonly problem: Problem | null
  /** True where the row shares the request of an earlier one. */
  readonly isShared: boolean
  /**
   * All questions of a row that was asked again, the newest last; the record itself is then the last of them that was
   * answered, under the state of the newest one. Null for a row that was asked once.
   */
  readonly questions: readonly QuestionRecord[] | null
}

/** Rows read together; the requests that they share are looked up together. */
const PAGE_ROWS = 400

/** All rows of a run in input order, a page at a time. */
export async function* rowRecords(
  log: RunLog,
  ports: LogPorts,
  portions: readonly PortionRecord[],
): AsyncIterable<readonly RowRecord[]> {
  const rowCount = rowsIn(portions)
  const facts = new RowFactsReader(ports, portions)
  const requests = new RequestTaker(log.pages())
  const batches = await log.batches()
  try {
    for (let row = 0; row < rowCount; row += PAGE_ROWS) {
      const page = await facts.take(Math.min(PAGE_ROWS, rowCount - row))
      const shared = await sharedIn(
        log,
        batches,
        page.flatMap(({ shares }) => shares ?? []),
      )
      // Rows without a problem have the requests of the run in their order, but for those that share one.
      const hasOwn = ({ problem, shares }: RowFacts): boolean => problem === null && shares === null
      const own = (await requests.take(page.filter(hasOwn).length)).values()
      const records: RowRecord[] = []
      for (const [index, rowFacts] of page.entries()) {
        const { shares } = rowFacts
        const sharedRequest = shares === null ? undefined : shared.get(shares)
        const request: PresentRequest | undefined = hasOwn(rowFacts) ? own.next().value : sharedRequest
        records.push(rowRecord(row + index, rowFacts, request))
      }
      yield records
    }
  } finally {
    await requests.close()
    await facts.close()
  }
}

/** A row with its facts and what became of the request that it was asked with; undefined for none. */
export function rowRecord(
  row: number,
  { id, line, problem, shares }: RowFacts,
  request: PresentRequest | undefined,
): RowRecord {
  const asked = request ? askedRecord(request) : NOT_ASKED
  // Member by member: a spread a row takes longer than all else here.
  return {
    row,
    line,
    id,
    problem,
    isShared: shares !== null,
    request: asked.request,
    state: asked.state,
    tries: asked.tries,
    target: asked.target,
    kind: asked.kind,
    result: asked.result,
    questions: asked.questions,
  }
}

const NOT_ASKED = {
  request: null,
  state: null,
  tries: 0,
  target: null,
  kind: null,
  result: null,
  questions: null,
} as const

/** Takes requests off their pages. */
class RequestTaker {
  readonly #pages: AsyncIterator<readonly PresentRequest[]>
  #page: readonly PresentRequest[] = []

  constructor(pages: AsyncIterable<readonly PresentRequest[]>) {
    this.#pages = pages[Symbol.asyncIterator]()
  }

  /** The next requests, so many as there are and no more than asked for. */
  async take(count: number): Promise<readonly PresentRequest[]> {
    while (this.#page.length < count) {
      const next = await this.#pages.next()
      if (next.done) break
      this.#page = [...this.#page, ...next.value]
    }
    const taken = this.#page.slice(0, count)
    this.#page = this.#page.slice(count)
    return taken
  }

  async close(): Promise<void> {
    await this.#pages.return?.()
  }
}

async function sharedIn(
  log: RunLog,
  batches: readonly BatchRecord[],
  ordinals: readonly number[],
): Promise<ReadonlyMap<number, PresentRequest>> {
  const found = new Map<number, PresentRequest>()
  if (ordinals.length === 0) return found
  const rising = [...new Set(ordinals)].sort((one, other) => one - other)
  for await (const request of log.some(rising, batches)) found.set(request.ordinal, request)
  return found
}

function askedRecord(request: PresentRequest): QuestionRecord & Pick<RowRecord, 'questions'> {
  const { entries, reopening } = request
  const state = reopening ? 'pending' : request.state
  const shown = questionRecord(reopening ? request.newest : shownOf(entries))
  const [first] = entries
  // Most requests are asked once, and then this is all.
  const questions = entries.length === 1 && first.turn === 0 ? null : severalOf(entries)
  const { kind, request: ordinal, target } = shown
  // A retry begins to count anew.
  const [tries, result] = reopening ? [0, null] : [shown.tries, shown.result]
  return { request: ordinal, state, tries, target, kind, result, questions }
}

function severalOf(entries: readonly Entry[]): readonly QuestionRecord[] | null {
  const questions = questionsOf(entries)
  return questions.length === 1 ? null : questions.map(questionRecord)
}

function questionRecord(entry: Entry): QuestionRecord {
  const { kind, target } = entry.batch.record
  const { ordinal, tries } = entry
  return { request: ordinal, state: stateOf(entry), tries, target, kind, result: placedResult(entry) }
}
