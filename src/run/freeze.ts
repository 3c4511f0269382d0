import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { limitsInForce } from '../config/settings.ts'
import { BufferedWriter } from '../lib/atomic-file.ts'
import type { Disk, DiskFile } from '../lib/disk.ts'
import { GatheredHash } from '../lib/gathered-hash.ts'
import type { Target } from '../model/target.ts'
import { createSplitter, type Splitter } from '../plan/splitter.ts'
import { estimateTokens } from '../plan/tokens.ts'
import type { NewRow } from '../store/store.ts'
import { BatchWriter } from './batch-writer.ts'
import type { RunContext } from './context.ts'
import type { PreparedRow } from './prepare.ts'
import { ProblemList } from './problem-list.ts'

type Ports = Pick<RunContext, 'clock' | 'disk' | 'folder' | 'provider' | 'random' | 'settings' | 'store'>

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
}

/** Rows told to the store at once. */
const PAGE_ROWS = 4_000

/**
 * Freezes a run: rows to one file, requests as encoded lines to the input files of planned batches, cut by rows and
 * exact bytes, and all of it to the store. Nothing is sent. After a crash in between, the run is still `preparing` and
 * worth nothing.
 */
export async function freeze(ports: Ports, rows: AsyncIterable<readonly PreparedRow[]>): Promise<Frozen> {
  const { disk, folder } = ports
  await disk.makeFolder(folder.inputs)
  await disk.makeFolder(folder.results)
  const file = await disk.open(folder.rows, 'write')
  const freezer = new Freezer(ports, file)
  try {
    for await (const chunk of rows) await freezer.add(chunk)
    return await freezer.finish()
  } finally {
    await freezer.close()
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
  readonly #splitter: Splitter
  readonly #columns = new Set<string>()
  readonly #problems = new ProblemList()
  #page: NewRow[] = []
  #rowCount = 0
  #requestCount = 0
  #batchCount = 0
  #emptyPlaceholders = 0

  constructor(ports: Ports, file: DiskFile) {
    this.#ports = ports
    this.#file = file
    this.#rowsWriter = new BufferedWriter(file, this.#rowsHash)
    const { provider, settings } = ports
    this.#splitter = createSplitter((target) =>
      limitsInForce(settings, target.provider, target.model, provider.limits(target)),
    )
  }

  async add(rows: readonly PreparedRow[]): Promise<void> {
    for (const row of rows) {
      await this.#addRow(row)
      if (row.request) await this.#addRequest(row.request.target, row.request.body)
      this.#rowCount += 1
    }
  }

  async finish(): Promise<Frozen> {
    await this.#flushRows()
    await this.#rowsWriter.flush()
    await this.#file.sync()
    for (const writer of this.#writers.values()) await this.#close(writer)
    return {
      rowCount: this.#rowCount,
      requestCount: this.#requestCount,
      batchCount: this.#batchCount,
      rowsHash: this.#rowsHash.digest('hex'),
      requestsHash: this.#requestsHash.digest(),
      columns: [...this.#columns],
      problems: this.#problems,
      emptyPlaceholders: this.#emptyPlaceholders,
    }
  }

  /** Lets go of input files that were not finished, because something went wrong. */
  async close(): Promise<void> {
    for (const writer of this.#writers.values()) await writer.close()
  }

  async #addRow(row: PreparedRow): Promise<void> {
    for (const column of row.columns) this.#columns.add(column)
    this.#problems.add(row.problems)
    if (row.hasEmptyPlaceholders) this.#emptyPlaceholders += 1
    await this.#rowsWriter.writeText(`${row.json}\n`)
    const { line, id } = row
    this.#page.push({ ordinal: this.#rowCount, line, id, problem: row.problems[0] ?? null })
    if (this.#page.length >= PAGE_ROWS) await this.#flushRows()
  }

  async #addRequest(target: Target, body: string): Promise<void> {
    const ordinal = this.#requestCount
    let writer = this.#writers.get(target) ?? (await this.#openWriter(target))
    let line = writer.encode(ordinal, body)
    const { closed } = this.#splitter.place(target, line.length, estimateTokens(line.length))
    if (closed) {
      await this.#close(writer)
      writer = await this.#openWriter(target)
      line = writer.encode(ordinal, body)
    }
    const content = await writer.addLine(ordinal, this.#rowCount, line)
    this.#requestsHash.updateText(`${writer.targetKey} `)
    this.#requestsHash.updateBytes(content)
    this.#requestsHash.updateText('\n')
    this.#requestCount += 1
  }

  async #openWriter(target: Target): Promise<BatchWriter> {
    const writer = await BatchWriter.open(this.#ports, target)
    this.#writers.set(target, writer)
    return writer
  }

  async #close(writer: BatchWriter): Promise<void> {
    await this.#flushRows()
    await this.#ports.store.addBatch(await writer.finish())
    this.#batchCount += 1
  }

  async #flushRows(): Promise<void> {
    if (this.#page.length === 0) return
    const page = this.#page
    this.#page = []
    await this.#ports.store.addRows(page)
  }
}
