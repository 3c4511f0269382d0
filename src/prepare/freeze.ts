import { Batcher } from '../batching/batcher.ts'
import { CanaryChoice, readAhead } from '../batching/canary-choice.ts'
import type { CuttingPorts } from '../batching/cutting.ts'
import { type FirstChoice, PrimingChoice } from '../batching/first-choice.ts'
import type { PreparedRow } from '../batching/prepared-row.ts'
import { SharedPrefixes } from '../batching/shared-prefixes.ts'
import type { Column, InputFile } from '../model/column.ts'
import type { Target } from '../model/target.ts'
import type { BatchCut } from '../plan/splitter.ts'
import { RequestTally } from '../plan/tally.ts'
import { factsOf } from '../providers/known.ts'
import type { RunRecord } from '../store/port/run.ts'
import { FileList } from '../workspace/file-list.ts'
import { ColumnList } from './column-list.ts'
import { AnsweredRows } from './failed-input.ts'
import type { PreparedInput } from './prepare.ts'
import { ProblemList } from './problem-list.ts'
import type { RunSinks } from './run-sinks.ts'

/** Frozen rows, or those that would be frozen. */
export interface Frozen {
  readonly rowCount: number
  readonly requestCount: number
  readonly batchCount: number
  /** Of these rows and those before. */
  readonly columns: readonly Column[]
  /** The files of the input where it has several, in order; else none. */
  readonly files: readonly InputFile[]
  readonly problems: ProblemList
  readonly emptyPlaceholders: number
  /** Rows that cannot be sent. */
  readonly invalidCount: number
  /** Bytes of the frozen rows. */
  readonly rowBytes: number
  readonly cuts: readonly BatchCut[]
  readonly tally: RequestTally
  /** The beginnings that its requests share; null where nothing keeps them. */
  readonly prefixes: SharedPrefixes | null
  /** The body of the first request, as it would be sent; null where no row can be sent. */
  readonly firstBody: string | null
  /** True where an earlier run has answered one of the rows already. */
  readonly hasAnswered: boolean
}

/** Ports of freezing, and the prefix of the columns that a run writes. */
export interface FreezePorts extends CuttingPorts {
  readonly prefix: string
  /** What the run holds already. @default nothing */
  readonly before?: RowsBefore | undefined
}

/** Rows of a run that others are appended to. */
export type RowsBefore = Pick<RunRecord, 'columns' | 'requestCount' | 'rowCount'>

/**
 * Freezes the rows of an input and the requests that they become into sinks: those of a run write files and tell the
 * store, those of a plan count. Batches are cut by rows and exact bytes; a few requests of a large run, and those that prime
 * a cache, go to batches of their own, which come first. Nothing is sent.
 */
export async function freeze(
  ports: FreezePorts,
  input: Pick<PreparedInput, 'definition' | 'rows' | 'shape'>,
  sinks: RunSinks,
): Promise<Frozen> {
  const { canary } = ports.settings
  let freezer: Freezer | undefined
  try {
    const { primeCache, provider } = input.definition
    const prefixes = factsOf(provider).promptCache && new SharedPrefixes(input.definition, primeCache)
    const { isLarge, rows } = await readAhead(
      input.rows,
      canary.aboveRequests,
      prefixes ? (request) => prefixes.lookAt(request) : undefined,
    )
    const canCall = (target: Target): boolean => ports.provider.limits(target).canCallDirectly
    const first = [
      ...(isLarge && canary.isOn ? [new CanaryChoice(canary, input.shape, canCall)] : []),
      new PrimingChoice(),
    ]
    freezer = new Freezer(ports, sinks, { first, prefixes })
    for await (const chunk of rows) for (const row of chunk) await freezer.add(row)
    return await freezer.finish()
  } finally {
    await freezer?.close()
    ports.counters.close()
    await sinks.close()
  }
}

/** Choices of what goes first, and the beginnings that requests share; null where the provider does not keep them. */
interface Going {
  readonly first: readonly FirstChoice[]
  readonly prefixes: SharedPrefixes | null
}

class Freezer {
  readonly #sinks: RunSinks
  readonly #batcher: Batcher
  readonly #prefixes: SharedPrefixes | null
  readonly #columns = new ColumnList()
  readonly #files = new FileList()
  readonly #problems = new ProblemList()
  readonly #answered: AnsweredRows
  readonly #tally = new RequestTally()
  readonly #before: RowsBefore
  #rowCount = 0
  #requestCount = 0
  #emptyPlaceholders = 0
  #invalidCount = 0
  #firstBody: string | null = null

  constructor(ports: FreezePorts, sinks: RunSinks, { first, prefixes }: Going) {
    this.#sinks = sinks
    this.#prefixes = prefixes
    this.#batcher = new Batcher({ ports, sink: sinks.openBatch, first, tally: this.#tally })
    this.#answered = new AnsweredRows(ports)
    this.#before = ports.before ?? NO_ROWS
    this.#columns.add({ table: this.#before.columns, names: [] })
  }

  async add(row: PreparedRow): Promise<void> {
    const { origin, request } = row
    await this.#addRow(row)
    if (request) {
      this.#firstBody ??= request.body
      this.#sinks.addIdentity?.(request.identity)
      if (origin?.from !== 'row') {
        const next = { ...request, ordinal: this.#before.requestCount + this.#requestCount }
        this.#requestCount += 1
        // Nothing of what an earlier run has answered is sent, so it counts in no estimate.
        await (origin?.from === 'run'
          ? this.#sinks.addCarried(next, origin.answer)
          : this.#batcher.add(this.#prefixes ? { ...next, ...this.#prefixes.mark(request) } : next))
      }
    }
    this.#rowCount += 1
  }

  async finish(): Promise<Frozen> {
    await this.#sinks.finishRows()
    const cuts = await this.#batcher.finish()
    await this.#sinks.finishCarried()
    return {
      rowCount: this.#rowCount,
      requestCount: this.#requestCount,
      batchCount: cuts.length,
      columns: this.#columns.all(),
      files: this.#files.all(),
      problems: this.#problems,
      emptyPlaceholders: this.#emptyPlaceholders,
      invalidCount: this.#invalidCount,
      rowBytes: this.#sinks.rowBytes(),
      cuts,
      tally: this.#tally,
      prefixes: this.#prefixes,
      firstBody: this.#firstBody,
      hasAnswered: this.#answered.hasAny,
    }
  }

  /** Lets go of batches that were not finished, because something went wrong. */
  async close(): Promise<void> {
    await this.#batcher.close()
  }

  async #addRow(row: PreparedRow): Promise<void> {
    const { columns, content = null, file, hasEmptyPlaceholders, id, json, line, origin, problems } = row
    this.#columns.add(columns)
    this.#files.add(file, this.#rowCount)
    this.#problems.add(problems)
    this.#answered.add(json, columns)
    if (problems.length > 0) this.#invalidCount += 1
    if (hasEmptyPlaceholders) this.#emptyPlaceholders += 1
    const shares = origin?.from === 'row' ? origin.request : null
    await this.#sinks.addRow({ line, id, problem: problems[0] ?? null, shares, content }, json)
  }
}

const NO_ROWS: RowsBefore = { columns: [], requestCount: 0, rowCount: 0 }
