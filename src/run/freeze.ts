import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { BufferedWriter } from '../lib/atomic-file.ts'
import type { Disk, DiskFile } from '../lib/disk.ts'
import { GatheredHash } from '../lib/gathered-hash.ts'
import type { Target } from '../model/target.ts'
import { type BatchCut, createSplitter, type Splitter } from '../plan/splitter.ts'
import { RequestTally } from '../plan/tally.ts'
import type { NewRow, TokenMethod } from '../store/store.ts'
import { BatchWriter } from './batch-writer.ts'
import { CanaryChoice, readAhead } from './canary-choice.ts'
import type { RunContext } from './context.ts'
import { type Cutting, Cuttings } from './cutting.ts'
import type { PlannableRequest, PreparedInput, PreparedRow } from './prepare.ts'
import { ProblemList } from './problem-list.ts'

type Ports = Pick<RunContext, 'clock' | 'counters' | 'disk' | 'folder' | 'provider' | 'random' | 'settings' | 'store'>

/** What was frozen. */
export interface Frozen {
  readonly rowCount: number
  readonly requestCount: number
  readonly batchCount: number
  readonly rowsHash: string
  readonly requestsHash: string
  readonly columns: readonly string[]
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
  /** Estimated input tokens, before calibration. */
  readonly tokens: number
  readonly writer: BatchWriter
}

/** Rows told to the store at once. */
const PAGE_ROWS = 4_000

/**
 * Freezes a run: rows to one file, requests as encoded lines to the input files of planned batches, cut by rows and
 * exact bytes, and all of it to the store; a few requests of a large run go to batches of their own, to be asked
 * directly. Nothing is sent. After a crash in between, the run is still `preparing` and worth nothing.
 */
export async function freeze(ports: Ports, input: PreparedInput): Promise<Frozen> {
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
    await ports.counters.close()
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
  readonly #requestsHash = new GatheredHash()
  readonly #rowsWriter: BufferedWriter
  /** One open batch for each target; the request room gives every target as one object. */
  readonly #writers = new Map<Target, BatchWriter>()
  /** Batches of requests that are asked directly, one for each set of parameters. */
  readonly #directWriters = new Map<string, BatchWriter>()
  readonly #canary: CanaryChoice | null
  readonly #cuttings: Cuttings
  readonly #splitter: Splitter
  readonly #columns = new Set<string>()
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
    this.#canary = canary
    this.#file = file
    this.#rowsWriter = new BufferedWriter(file, this.#rowsHash)
    this.#cuttings = new Cuttings(ports)
    this.#splitter = createSplitter((target) => this.#cuttings.limitsOf(target))
  }

  async add(rows: readonly PreparedRow[]): Promise<void> {
    for (const row of rows) {
      await this.#addRow(row)
      if (row.request) await this.#addRequest(row.request)
      this.#rowCount += 1
    }
  }

  async finish(): Promise<Frozen> {
    await this.#flushRows()
    await this.#rowsWriter.flush()
    await this.#file.sync()
    for (const writer of this.#writers.values()) await this.#close(writer)
    for (const writer of this.#directWriters.values()) await this.#close(writer)
    return {
      rowCount: this.#rowCount,
      requestCount: this.#requestCount,
      batchCount: this.#batchCount,
      rowsHash: this.#rowsHash.digest('hex'),
      requestsHash: this.#requestsHash.digest(),
      columns: [...this.#columns],
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
  }

  async #addRow(row: PreparedRow): Promise<void> {
    for (const column of row.columns) this.#columns.add(column)
    this.#problems.add(row.problems)
    if (row.problems.length > 0) this.#invalidCount += 1
    if (row.hasEmptyPlaceholders) this.#emptyPlaceholders += 1
    await this.#rowsWriter.writeText(`${row.json}\n`)
    const { line, id } = row
    this.#page.push({ ordinal: this.#rowCount, line, id, problem: row.problems[0] ?? null })
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
    const content = await writer.addLine(ordinal, this.#rowCount, line, { ...request, tokens })
    this.#requestsHash.updateText(`${writer.targetKey} `)
    this.#requestsHash.updateBytes(content)
    this.#requestsHash.updateText('\n')
    this.#requestCount += 1
  }

  /** The next request's line, and the batch that it belongs to. */
  async #place({ body, target }: PlannableRequest, { counter, limits, rate }: Cutting): Promise<Placed> {
    const ordinal = this.#requestCount
    const writer = this.#writers.get(target) ?? (await this.#openWriter(target, counter.method))
    const line = writer.encode(ordinal, body)
    const counted = counter.count(line, limits.queueTokens)
    const tokens = typeof counted === 'number' ? counted : await counted
    const { closed } = this.#splitter.place(target, line.length, Math.ceil(tokens * rate))
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
    return { line, tokens: await counter.count(line, null), writer }
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
