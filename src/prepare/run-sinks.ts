import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { countingSink, fileSink } from '../batching/batch-sinks.ts'
import type { BatchRequest, BatchSink } from '../batching/batcher.ts'
import type { KeptAnswer } from '../batching/prepared-row.ts'
import { BufferedWriter } from '../lib/atomic-file.ts'
import { BufferedHash } from '../lib/buffered-hash.ts'
import type { DiskFile } from '../lib/disk.ts'
import { type RowFacts, RowFactsWriter } from '../log/row-facts.ts'
import { WeightCounter } from '../log/row-weights.ts'
import { RunLog } from '../log/run-log.ts'
import { tallyOf } from '../log/tally-of.ts'
import type { TallyGroup } from '../model/tally.ts'
import { type Target, targetKey } from '../model/target.ts'
import { longContextTokens } from '../prices/price.ts'
import type { SealedFacts } from '../store/port/run.ts'
import type { RunContext } from '../workspace/context.ts'
import { CarriedWriter } from './carried-writer.ts'

/** Receivers of the rows, batches and carried answers of a run while it is frozen. */
export interface RunSinks {
  readonly openBatch: BatchSink
  /** Takes the next row, whose record is this JSON text. */
  addRow(row: RowFacts, json: string): Promise<void> | void
  /**
   * Takes what is the same in every attempt of each row's request. Every row counts, also one that shares the request of
   * another: how it is bought does not make it other work. Absent where nothing is kept.
   */
  addContent?(target: Target, content: Uint8Array): void
  /** Takes a request that an earlier run has answered. */
  addCarried(request: BatchRequest, answer: KeptAnswer): Promise<void>
  finishRows(): Promise<void>
  finishCarried(): Promise<void>
  /** Bytes of the rows so far, line feeds counted. */
  rowBytes(): number
  /** Lets go of everything, finished or not. */
  close(): Promise<void>
}

type Ports = Pick<RunContext, 'clock' | 'disk' | 'folder' | 'provider' | 'random' | 'store'>

/**
 * Writes a run: rows to one file, requests as encoded lines to the input files of planned batches, answers of an earlier
 * run to result files, and tells the store of the batches. After a crash in between, the run is still `preparing` and worth
 * nothing.
 */
export class RunFiles implements RunSinks {
  readonly openBatch: BatchSink
  readonly #ports: Ports
  readonly #file: DiskFile
  readonly #hash = createHash('sha256')
  readonly #writer: BufferedWriter
  readonly #carried: CarriedWriter
  readonly #requestsHash = new BufferedHash()
  /** The last target and its key: neighbouring requests mostly go to the same one. */
  #target: Target | undefined
  #targetKey = ''
  readonly #factsFile: DiskFile
  readonly #factsHash = createHash('sha256')
  readonly #factsWriter: BufferedWriter
  readonly #facts: RowFactsWriter
  readonly #weights = new WeightCounter()

  private constructor(ports: Ports, file: DiskFile, factsFile: DiskFile) {
    this.#ports = ports
    this.#file = file
    this.#writer = new BufferedWriter(file, this.#hash)
    this.#factsFile = factsFile
    this.#factsWriter = new BufferedWriter(factsFile, this.#factsHash)
    this.#facts = new RowFactsWriter(this.#factsWriter)
    this.#carried = new CarriedWriter(ports)
    this.openBatch = fileSink(ports)
  }

  static async open(ports: Ports): Promise<RunFiles> {
    const { disk, folder } = ports
    await disk.makeFolder(folder.inputs)
    await disk.makeFolder(folder.results)
    return new RunFiles(ports, await disk.open(folder.rows, 'write'), await disk.open(folder.rowFacts, 'write'))
  }

  async addRow(row: RowFacts, json: string): Promise<void> {
    if (!this.#writer.tryText(json)) await this.#writer.writeText(json)
    if (!this.#writer.tryText('\n')) await this.#writer.writeText('\n')
    await this.#facts.add(row)
    if (row.shares !== null) this.#weights.add(row.shares)
  }

  addContent(target: Target, content: Uint8Array): void {
    if (this.#target !== target) this.#targetKey = targetKey(target)
    this.#target = target
    this.#requestsHash.updateText(this.#targetKey)
    this.#requestsHash.updateText(' ')
    this.#requestsHash.updateBytes(content)
    this.#requestsHash.updateText('\n')
  }

  async addCarried(request: BatchRequest, answer: KeptAnswer): Promise<void> {
    await this.#carried.add(request, answer)
  }

  async finishRows(): Promise<void> {
    await this.#writer.flush()
    await this.#file.sync()
    await this.#factsWriter.flush()
    await this.#factsFile.sync()
  }

  async finishCarried(): Promise<void> {
    await this.#carried.finish()
  }

  rowBytes(): number {
    return this.#writer.position
  }

  /** The hashes of all rows and requests, and the files of the rows, once these are finished; to be asked for once. */
  hashes(): Pick<SealedFacts, 'rowsHash' | 'requestsHash' | 'rowFiles'> {
    const rowsHash = this.#hash.digest('hex')
    return {
      rowsHash,
      requestsHash: this.#requestsHash.digest(),
      rowFiles: {
        rows: { bytes: this.#writer.position, sha256: rowsHash },
        facts: { bytes: this.#factsWriter.position, sha256: this.#factsHash.digest('hex') },
      },
    }
  }

  /** Writes down which rows share a request, and how the batches of such requests count; once everything is finished. */
  async finishSharing(): Promise<Pick<SealedFacts, 'sharing' | 'tallies'>> {
    const { disk, folder, store } = this.#ports
    const weights = this.#weights.weights()
    const tallies = new Map<number, readonly TallyGroup[]>()
    const sharing = await weights.write(disk, folder.sharing)
    if (sharing === null) return { sharing, tallies }
    const log = new RunLog({ disk, folder, store })
    for (const record of await store.batches()) {
      tallies.set(record.key, tallyOf(await log.read(record), weights, longContextTokens(record.target.provider)))
    }
    return { sharing, tallies }
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
