import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { countingSink, fileSink } from '../batching/batch-sinks.ts'
import type { BatchRequest, BatchSink } from '../batching/batcher.ts'
import type { KeptAnswer } from '../batching/prepared-row.ts'
import { BufferedWriter } from '../lib/atomic-file.ts'
import { BufferedHash } from '../lib/buffered-hash.ts'
import type { DiskFile } from '../lib/disk.ts'
import { RowIndexWriter } from '../log/at/row-index.ts'
import { type RowFacts, RowFactsWriter } from '../log/row-facts.ts'
import { type RowWeights, WeightCounter } from '../log/row-weights.ts'
import { RunLog } from '../log/run-log.ts'
import { tallyOf } from '../log/tally-of.ts'
import { plainGroup, type TallyGroup } from '../model/tally.ts'
import { longContextTokens } from '../prices/price.ts'
import type { AnswerCheck } from '../schema/check-answer.ts'
import type { NewBatchRecord, NewPortion } from '../store/port/batch.ts'
import type { RowFiles } from '../store/port/run.ts'
import type { RunContext } from '../workspace/context.ts'
import { CarriedWriter } from './carried-writer.ts'
import type { WorkHashes } from './definition.ts'

/** Receivers of the rows, batches and carried answers of a run while it is frozen. */
export interface RunSinks {
  readonly openBatch: BatchSink
  /** Takes the next row, whose record is this JSON text. */
  addRow(row: RowFacts, json: string): Promise<void> | void
  /**
   * Takes the identity of each row's request. Every row counts, also one that shares the request of another: how it is
   * bought does not make it other work. Absent where nothing is kept.
   */
  addIdentity?(identity: string): void
  /** Takes a request that an earlier run has answered. */
  addCarried(request: BatchRequest, answer: KeptAnswer): Promise<void>
  finishRows(): Promise<void>
  finishCarried(): Promise<void>
  /** Bytes of the rows so far, line feeds counted. */
  rowBytes(): number
  /** Lets go of everything, finished or not. */
  close(): Promise<void>
}

type Ports = Pick<RunContext, 'clock' | 'disk' | 'folder' | 'provider' | 'random' | 'store'> & {
  /** The check that answers of an earlier run are judged by; null without a schema, or where none are carried over. */
  readonly check: AnswerCheck | null
}

/**
 * Writes rows of a run: the rows to one file, their requests as encoded lines to the input files of planned batches, answers
 * of an earlier run to result files. What a crash leaves of it counts for nothing, because the store was not told.
 */
export class RunFiles implements RunSinks {
  readonly openBatch: BatchSink
  readonly #ports: Ports
  readonly #number: number
  readonly #appender: number | null
  /** Batches that the store was not told of yet. */
  readonly #batches: NewBatchRecord[] = []
  readonly #file: DiskFile
  readonly #hash = createHash('sha256')
  readonly #writer: BufferedWriter
  readonly #carried: CarriedWriter
  readonly #requestsHash = new BufferedHash()
  readonly #factsFile: DiskFile
  readonly #factsHash = createHash('sha256')
  readonly #factsWriter: BufferedWriter
  readonly #facts: RowFactsWriter
  readonly #index = new RowIndexWriter()
  readonly #weights = new WeightCounter()
  #rowFiles: RowFiles | undefined

  private constructor(
    ports: Ports,
    { number, writer }: { readonly number: number; readonly writer: number | null },
    { facts: factsFile, rows: file }: { readonly rows: DiskFile; readonly facts: DiskFile },
  ) {
    this.#ports = ports
    this.#number = number
    this.#appender = writer
    this.#file = file
    this.#writer = new BufferedWriter(file, this.#hash)
    this.#factsFile = factsFile
    this.#factsWriter = new BufferedWriter(factsFile, this.#factsHash)
    this.#facts = new RowFactsWriter(this.#factsWriter)
    this.#carried = new CarriedWriter(ports, () => this.#addWaiting())
    this.openBatch = fileSink(ports, (batch) => void this.#batches.push(batch))
  }

  /**
   * Opens files for the rows of this number; what a crash has left of them before is written over. `writer` is null where no
   * other process can write the same ones.
   */
  static async open(ports: Ports, number: number, writer: number | null): Promise<RunFiles> {
    const { disk, folder } = ports
    await disk.makeFolder(folder.inputs)
    await disk.makeFolder(folder.results)
    const { rowFacts, rows } = folder.portion(number, writer)
    const files = { rows: await disk.open(rows, 'write'), facts: await disk.open(rowFacts, 'write') }
    return new RunFiles(ports, { number, writer }, files)
  }

  async addRow(row: RowFacts, json: string): Promise<void> {
    this.#index.add(row, this.#writer.position, this.#factsWriter.position)
    if (!this.#writer.tryText(json)) await this.#writer.writeText(json)
    if (!this.#writer.tryText('\n')) await this.#writer.writeText('\n')
    await this.#facts.add(row)
    if (row.shares !== null) this.#weights.add(row.shares)
  }

  addIdentity(identity: string): void {
    this.#requestsHash.updateBytes(identity)
  }

  async addCarried(request: BatchRequest, answer: KeptAnswer): Promise<void> {
    await this.#carried.add(request, answer)
  }

  async finishRows(): Promise<void> {
    await this.#writer.flush()
    await this.#file.sync()
    await this.#factsWriter.flush()
    await this.#factsFile.sync()
    const { disk, folder } = this.#ports
    this.#rowFiles = {
      index: await this.#index.write(disk, folder.portion(this.#number, this.#appender).rowIndex),
      writer: this.#appender,
      rows: { bytes: this.#writer.position, sha256: this.#hash.digest('hex') },
      facts: { bytes: this.#factsWriter.position, sha256: this.#factsHash.digest('hex') },
    }
  }

  async finishCarried(): Promise<void> {
    await this.#carried.finish()
  }

  rowBytes(): number {
    return this.#writer.position
  }

  /** The hashes of all rows and requests, once these are finished. */
  hashes(): WorkHashes {
    return { rowsHash: this.#frozenFiles().rows.sha256, requestsHash: this.#requestsHash.digest() }
  }

  #frozenFiles(): RowFiles {
    if (this.#rowFiles) return this.#rowFiles
    throw new Error('the rows are not frozen yet')
  }

  /**
   * Writes down which rows share a request, and tells all that the store must know of these rows but what they are; once
   * everything is finished.
   */
  async portion(): Promise<Pick<NewPortion, 'batches' | 'number' | 'rowFiles' | 'sharing' | 'tallies'>> {
    const { disk, folder, store } = this.#ports
    const number = this.#number
    const rowFiles = this.#frozenFiles()
    const weights = this.#weights.weights()
    const tallies = new Map<number, readonly TallyGroup[]>()
    const sharing = await weights.write(disk, folder.portion(number, this.#appender).sharing)
    if (sharing === null) return { number, rowFiles, sharing, batches: this.#batches, tallies }
    const log = new RunLog({ disk, folder, store })
    const batches: NewBatchRecord[] = []
    for (const batch of this.#batches) batches.push({ ...batch, tally: await sharedTally(log, batch, weights) })
    // Answers that were carried over are in the store by now, with the batches before them, and rows may share those too.
    for (const record of number === 1 ? await store.batches() : []) {
      tallies.set(record.key, tallyOf(await log.read(record), weights, longContextTokens(record.target.provider)))
    }
    return { number, rowFiles, sharing, batches, tallies }
  }

  /** Adds batches before answers that are carried over, which the store must know before their files have names. */
  async #addWaiting(): Promise<void> {
    for (const batch of this.#batches.splice(0)) await this.#ports.store.addBatch(batch)
  }

  async close(): Promise<void> {
    await this.#carried.close()
    await this.#file.close()
    await this.#factsFile.close()
    await this.#syncNames()
  }

  /** Forces to disk where everything lies: each name stands in the folder above it, up to the home. */
  async #syncNames(): Promise<void> {
    const { disk, folder } = this.#ports
    const { inputs, path } = folder
    for (const each of [inputs, path, dirname(path), dirname(dirname(path))]) await disk.syncFolder(each)
  }
}

/** How the requests of a new batch are counted where rows share some of them. */
async function sharedTally(log: RunLog, batch: NewBatchRecord, weights: RowWeights): Promise<readonly TallyGroup[]> {
  const plan = await log.planOf({ ...batch, nonce: batch.attempt.nonce, number: 0 })
  let rows = 0
  for (const ordinal of plan.ordinals()) rows += weights.rowsOf(ordinal)
  return [plainGroup('batched', 0, { requests: plan.length, rows }, 0)]
}

/** Counts what a run would write, for a plan. */
export function countingSinks(): RunSinks {
  const nothing = (): Promise<void> => Promise.resolve()
  let rowBytes = 0
  return {
    openBatch: countingSink,
    addRow: (_, json) => {
      rowBytes += Buffer.byteLength(json) + 1
    },
    addCarried: nothing,
    finishRows: nothing,
    finishCarried: nothing,
    rowBytes: () => rowBytes,
    close: nothing,
  }
}

/** The same, and takes the hashes by which the run would be known; they can be asked for once. */
export function hashingSinks(): RunSinks & { readonly hashes: () => WorkHashes } {
  const counting = countingSinks()
  const rows = new BufferedHash()
  const requests = new BufferedHash()
  return {
    ...counting,
    addRow: (row, json) => {
      rows.updateText(`${json}\n`)
      return counting.addRow(row, json)
    },
    addIdentity: (identity) => requests.updateBytes(identity),
    hashes: () => ({ rowsHash: rows.digest(), requestsHash: requests.digest() }),
  }
}
