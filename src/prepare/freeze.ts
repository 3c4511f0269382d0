import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { BufferedWriter } from '../lib/atomic-file.ts'
import { BufferedHash } from '../lib/buffered-hash.ts'
import type { Disk, DiskFile } from '../lib/disk.ts'
import { BatchWriter, contentOf, type LineSize } from '../log/batch-writer.ts'
import { CanaryChoice, readAhead } from '../log/canary-choice.ts'
import { type Cutting, Cuttings } from '../log/cutting.ts'
import type { AnswerOrigin, KeptAnswer, PlannableRequest, PreparedRow } from '../log/prepared-row.ts'
import type { Column, InputFile } from '../model/column.ts'
import { WIRE_ID_LENGTH } from '../model/ids.ts'
import { type Target, targetKey } from '../model/target.ts'
import { type BatchCut, createSplitter, type Splitter } from '../plan/splitter.ts'
import { RequestTally } from '../plan/tally.ts'
import type { NewRow, TokenMethod } from '../store/store.ts'
import type { RunContext } from '../workspace/context.ts'
import { FileList } from '../workspace/file-list.ts'
import { CarriedWriter } from './carried-writer.ts'
import { ColumnList } from './column-list.ts'
import type { PreparedInput } from './prepare.ts'
import { ProblemList } from './problem-list.ts'

type Ports = Pick<RunContext, 'clock' | 'counters' | 'disk' | 'folder' | 'provider' | 'random' | 'settings' | 'store'>

/** What was frozen. */
export interface Frozen {
  readonly rowCount: number
  readonly requestCount: number
  readonly batchCount: number
  readonly rowsHash: string
  readonly requestsHash: string
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
}

/** A request's line in the batch that it belongs to. */
interface Placed {
  readonly line: Buffer
  readonly tokens: LineSize['tokens']
  readonly writer: BatchWriter
}

/** Rows told to the store at once. */
const PAGE_ROWS = 4_000

/** Stands for the wire id where none is needed. */
const ANY_WIRE_ID = 'b'.repeat(WIRE_ID_LENGTH)

/**
 * Freezes a run: rows to one file, requests as encoded lines to the input files of planned batches, cut by rows and
 * exact bytes, and all of it to the store; a few requests of a large run go to batches of their own, to be asked
 * directly. Nothing is sent. After a crash in between, the run is still `preparing` and worth nothing.
 */
export async function freeze(ports: Ports, input: Pick<PreparedInput, 'rows' | 'shape'>): Promise<Frozen> {
  const { disk, folder, provider, settings } = ports
  await disk.makeFolder(folder.inputs)
  await disk.makeFolder(folder.results)
  const file = await disk.open(folder.rows, 'write')
  const { canary } = settings
  let freezer: Freezer | undefined
  try {
    const { isLarge, rows } = await readAhead(input.rows, canary.aboveRequests)
    const canCall = (target: Target): boolean => provider.limits(target).canCallDirectly
    const choice = isLarge && canary.isOn ? new CanaryChoice(canary, input.shape, canCall) : null
    freezer = new Freezer(ports, file, choice)
    for await (const chunk of rows) await freezer.add(chunk)
    return await freezer.finish()
  } finally {
    await freezer?.close()
    ports.counters.close()
    await file.close()
    await syncNames(disk, folder)
  }
}

/** Forces to disk where everything lies: each name stands in the folder above it, up to the home. */
async function syncNames(disk: Disk, { inputs, path }: Ports['folder']): Promise<void> {
  for (const folder of [inputs, path, dirname(path), dirname(dirname(path))]) await disk.syncFolder(folder)
}

class Freezer {
  readonly #ports: Ports
  readonly #file: DiskFile
  readonly #rowsHash = createHash('sha256')
  readonly #requestsHash = new BufferedHash()
  readonly #rowsWriter: BufferedWriter
  /** One open batch for each target; the request room gives every target as one object. */
  readonly #writers = new Map<Target, BatchWriter>()
  /** Batches of requests that are asked directly, one for each set of parameters. */
  readonly #directWriters = new Map<string, BatchWriter>()
  /** Batches of requests that an earlier run has answered. */
  readonly #carried: CarriedWriter
  readonly #canary: CanaryChoice | null
  readonly #cuttings: Cuttings
  readonly #splitter: Splitter
  readonly #columns = new ColumnList()
  readonly #files = new FileList()
  readonly #problems = new ProblemList()
  #page: NewRow[] = []
  #rowCount = 0
  #requestCount = 0
  #batchCount = 0
  #emptyPlaceholders = 0
  #invalidCount = 0
  readonly #cuts: BatchCut[] = []
  readonly #tally = new RequestTally()

  constructor(ports: Ports, file: DiskFile, canary: CanaryChoice | null) {
    this.#ports = ports
    this.#carried = new CarriedWriter(ports)
    this.#canary = canary
    this.#file = file
    this.#rowsWriter = new BufferedWriter(file, this.#rowsHash)
    this.#cuttings = new Cuttings(ports)
    this.#splitter = createSplitter((target) => this.#cuttings.limitsOf(target))
  }

  async add(rows: readonly PreparedRow[]): Promise<void> {
    for (const row of rows) {
      await this.#addRow(row)
      const { origin, request } = row
      if (request && !origin) await this.#addRequest(request)
      else if (request && origin) await this.#addAnswered(request, origin)
      this.#rowCount += 1
    }
  }

  async finish(): Promise<Frozen> {
    await this.#flushRows()
    await this.#rowsWriter.flush()
    await this.#file.sync()
    for (const writer of this.#writers.values()) await this.#close(writer)
    for (const writer of this.#directWriters.values()) await this.#close(writer)
    await this.#carried.finish()
    return {
      rowCount: this.#rowCount,
      requestCount: this.#requestCount,
      batchCount: this.#batchCount,
      rowsHash: this.#rowsHash.digest('hex'),
      requestsHash: this.#requestsHash.digest(),
      columns: this.#columns.all(),
      files: this.#files.all(),
      problems: this.#problems,
      emptyPlaceholders: this.#emptyPlaceholders,
      invalidCount: this.#invalidCount,
      rowBytes: this.#rowsWriter.position,
      cuts: this.#cuts,
      tally: this.#tally,
    }
  }

  /** Lets go of input files that were not finished, because something went wrong. */
  async close(): Promise<void> {
    for (const writer of this.#writers.values()) await writer.close()
    await this.#carried.close()
  }

  async #addRow(row: PreparedRow): Promise<void> {
    this.#columns.add(row.columns)
    this.#files.add(row.file, this.#rowCount)
    this.#problems.add(row.problems)
    if (row.problems.length > 0) this.#invalidCount += 1
    if (row.hasEmptyPlaceholders) this.#emptyPlaceholders += 1
    if (!this.#rowsWriter.tryText(row.json)) await this.#rowsWriter.writeText(row.json)
    if (!this.#rowsWriter.tryText('\n')) await this.#rowsWriter.writeText('\n')
    const { line, id, origin } = row
    const shares = origin?.from === 'row' ? origin.request : null
    this.#page.push({ ordinal: this.#rowCount, line, id, problem: row.problems[0] ?? null, shares })
    if (this.#page.length >= PAGE_ROWS) await this.#flushRows()
  }

  async #addRequest(request: PlannableRequest): Promise<void> {
    const set = this.#canary?.setFor(request) ?? null
    const ordinal = this.#requestCount
    this.#tally.add(request.target, request.body, request.mostOutputTokens)
    const { target } = request
    const cutting = this.#cuttings.known(target) ?? (await this.#cuttings.of(target))
    const placed = set === null ? await this.#place(request, cutting) : await this.#placeDirect(request, set, cutting)
    const { line, tokens, writer } = placed
    const size = { tokens, mostOutputTokens: request.mostOutputTokens }
    const content = await writer.addLine(ordinal, this.#rowCount, line, size)
    this.#hash(writer.targetKey, content)
    this.#requestCount += 1
  }

  async #addAnswered(request: PlannableRequest, origin: AnswerOrigin): Promise<void> {
    if (origin.from === 'run') await this.#carry(request, origin.answer)
    else this.#hash(targetKey(request.target), this.#contentOf(request))
  }

  /** A request whose answer is here; nothing of it is sent, so it counts in no estimate. */
  async #carry({ body, mostOutputTokens, target }: PlannableRequest, answer: KeptAnswer): Promise<void> {
    const request = { target, ordinal: this.#requestCount, row: this.#rowCount, body }
    const { content, targetKey: key } = await this.#carried.add(request, answer, mostOutputTokens)
    this.#hash(key, content)
    this.#requestCount += 1
  }

  /** Every row counts, whoever its answer is bought for: how it is bought does not make it other work. */
  #hash(key: string, content: Uint8Array): void {
    this.#requestsHash.updateText(key)
    this.#requestsHash.updateText(' ')
    this.#requestsHash.updateBytes(content)
    this.#requestsHash.updateText('\n')
  }

  /** What a request's line would be, without its wire id. */
  #contentOf({ body, target }: PlannableRequest): Uint8Array {
    return contentOf(Buffer.from(this.#ports.provider.encode({ wireId: ANY_WIRE_ID, target, body })), ANY_WIRE_ID)
  }

  /** The next request's line, and the batch that it belongs to. */
  async #place({ body, target }: PlannableRequest, { counter, limits, loadOf, rate }: Cutting): Promise<Placed> {
    const ordinal = this.#requestCount
    const writer = this.#writers.get(target) ?? (await this.#openWriter(target, counter.method))
    const line = writer.encode(ordinal, body)
    const tokens = counter.count(line, limits.queueTokens)
    const load = loadOf(line)
    this.#tally.addLoad(target, load)
    const { closed } = this.#splitter.place(target, line.length, Math.ceil(tokens * rate), load)
    if (!closed) return { line, tokens, writer }
    await this.#close(writer)
    const next = await this.#openWriter(target, counter.method)
    return { line: next.encode(ordinal, body), tokens, writer: next }
  }

  async #placeDirect({ body, target }: PlannableRequest, set: string, { counter }: Cutting): Promise<Placed> {
    const facts = { kind: 'direct', tokenMethod: counter.method } as const
    const writer = this.#directWriters.get(set) ?? (await BatchWriter.open(this.#ports, target, facts))
    this.#directWriters.set(set, writer)
    const line = writer.encode(this.#requestCount, body)
    return { line, tokens: counter.count(line, null), writer }
  }

  async #openWriter(target: Target, tokenMethod: TokenMethod): Promise<BatchWriter> {
    const writer = await BatchWriter.open(this.#ports, target, { tokenMethod })
    this.#writers.set(target, writer)
    return writer
  }

  async #close(writer: BatchWriter): Promise<void> {
    await this.#flushRows()
    const batch = await writer.finish()
    await this.#ports.store.addBatch(batch)
    this.#cuts.push({
      ordinal: this.#batchCount,
      target: batch.target,
      requests: batch.requests.length,
      bytes: batch.attempt.inputBytes,
      tokens: Math.ceil(batch.tokens * (this.#cuttings.known(batch.target)?.rate ?? 1)),
      kind: batch.kind,
    })
    this.#batchCount += 1
  }

  async #flushRows(): Promise<void> {
    if (this.#page.length === 0) return
    const page = this.#page
    this.#page = []
    await this.#ports.store.addRows(page)
  }
}
