import { createHash, type Hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { BatchWriter } from '../batching/batch-writer.ts'
import type { BatchRequest } from '../batching/batcher.ts'
import { LineEncoder } from '../batching/line-encoder.ts'
import type { KeptAnswer } from '../batching/prepared-row.ts'
import { judgeAnswer } from '../collect/judge-answer.ts'
import { carriedResult } from '../collect/request-result.ts'
import { BufferedWriter } from '../lib/atomic-file.ts'
import { RangeReader } from '../lib/byte-range.ts'
import type { DiskFile } from '../lib/disk.ts'
import { Outcomes } from '../log/outcomes.ts'
import { RowWeights } from '../log/row-weights.ts'
import { tallyOf } from '../log/tally-of.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Outcome } from '../model/outcome.ts'
import type { RequestResult } from '../model/request-result.ts'
import { outcomesName, resultStem } from '../model/result-ref.ts'
import type { Target } from '../model/target.ts'
import { longContextTokens } from '../prices/price.ts'
import type { AnswerCheck } from '../schema/check-answer.ts'
import type { Settlement } from '../store/port/batch.ts'
import type { RunContext } from '../workspace/context.ts'

type Ports = Pick<RunContext, 'clock' | 'disk' | 'folder' | 'provider' | 'random' | 'store'> & {
  /** The schema's check of this run; null where it has none. */
  readonly check: AnswerCheck | null
}

/** Most requests of a batch, and about the most bytes of its input file: the store takes its results in one go. */
const MOST_REQUESTS = 20_000
const MOST_INPUT_BYTES = 64 * 1_024 * 1_024

/** Answers copied together: at most so many, and about so many bytes. */
const PART_ANSWERS = 500
const PART_BYTES = 4 * 1_024 * 1_024

/** A batch being written. */
interface OpenBatch {
  readonly writer: BatchWriter
  /** Where its result file grows until the batch has a key. */
  readonly path: string
  readonly file: DiskFile
  readonly lines: BufferedWriter
  readonly hash: Hash
  readonly results: RequestResult[]
  inputBytes: number
  waiting: KeptAnswer[]
  waitingBytes: number
}

/**
 * Writes batches of kind `carried`: their requests frozen like any other, their result file made of the raw lines of
 * another run, byte for byte, so that this run lives on when that one is removed. Each line is read and judged again
 * before it counts, and on stable storage before the store names it.
 */
export class CarriedWriter {
  readonly #ports: Ports
  readonly #answers: RangeReader
  readonly #encoder = new LineEncoder()
  readonly #open = new Map<Target, OpenBatch>()
  readonly #beforeAdded: () => Promise<void>
  #begun = 0

  /** `beforeAdded` adds the batches that come before one of these. */
  constructor(ports: Ports, beforeAdded: () => Promise<void>) {
    this.#ports = ports
    this.#beforeAdded = beforeAdded
    this.#answers = new RangeReader(ports.disk)
  }

  /** Appends a request with its answer. */
  async add(request: BatchRequest, answer: KeptAnswer): Promise<void> {
    const { target } = request
    const batch = await this.#batchFor(target)
    const line = this.#encoder.lineOf(request, batch.writer.prefix)
    await batch.writer.addLine(request, line, 0)
    batch.inputBytes += line.length
    batch.waiting.push(answer)
    batch.waitingBytes += answer.place.length
    if (batch.waiting.length >= PART_ANSWERS || batch.waitingBytes >= PART_BYTES) await this.#copy(batch, target)
  }

  /** Ends the open batches and tells the store. */
  async finish(): Promise<void> {
    for (const [target, batch] of this.#open) await this.#end(batch, target)
    this.#open.clear()
  }

  /** Lets go of files that were not finished, because something went wrong; may be repeated. */
  async close(): Promise<void> {
    await this.#answers.close()
    for (const { file, writer } of this.#open.values()) {
      await writer.close()
      await file.close()
    }
    this.#open.clear()
  }

  async #batchFor(target: Target): Promise<OpenBatch> {
    const open = this.#open.get(target)
    if (open && open.results.length + open.waiting.length < MOST_REQUESTS && open.inputBytes < MOST_INPUT_BYTES)
      return open
    if (open) await this.#end(open, target)
    this.#open.delete(target)
    const { disk, folder } = this.#ports
    const writer = await BatchWriter.open(this.#ports, target, { kind: 'carried', tokenMethod: 'bytes' })
    const path = folder.unnamedResult(this.#begun)
    this.#begun += 1
    const file = await disk.open(path, 'write')
    const hash = createHash('sha256')
    const lines = new BufferedWriter(file, hash)
    const batch = { writer, path, file, lines, hash, results: [], inputBytes: 0, waiting: [], waitingBytes: 0 }
    this.#open.set(target, batch)
    return batch
  }

  async #copy(batch: OpenBatch, target: Target): Promise<void> {
    const { waiting } = batch
    batch.waiting = []
    batch.waitingBytes = 0
    const lines = await this.#answers.of(waiting.map(({ place }) => place))
    for (const [index, answer] of waiting.entries()) {
      const line = lines[index] ?? Buffer.alloc(0)
      const outcome = await this.#judge(line, target, answer)
      const place = { file: 'output', offset: batch.lines.position, length: line.length, crc32: crc32(line) } as const
      batch.results.push(carriedResult(outcome, place))
      await batch.lines.writeBytes(line)
      await batch.lines.writeBytes(LINE_FEED)
    }
  }

  /**
   * The outcome by this run's schema, so that it can be made again from the line alone. The other run has judged the line
   * already; what is made sure of is that these are still the bytes that it judged.
   */
  async #judge(line: Buffer, target: Target, { place, result }: KeptAnswer): Promise<Outcome> {
    const outcome = crc32(line) === result.crc32 ? await this.#read(line, target) : undefined
    if (outcome?.status === 'succeeded') return outcome
    throw new LlmBatchError('disk', `${place.path} holds no usable answer at byte ${place.offset}: it was damaged`, {
      next: `Nothing was sent. Leave ${mention('since')} out, or name another run.`,
    })
  }

  async #read(line: Buffer, target: Target): Promise<Outcome | undefined> {
    const decoded = this.#ports.provider.decode(line.toString('utf8'), target)
    return decoded && (await judgeAnswer(decoded.outcome, this.#ports.check))
  }

  async #end(batch: OpenBatch, target: Target): Promise<void> {
    const { disk, folder, store } = this.#ports
    await this.#copy(batch, target)
    await batch.lines.flush()
    await batch.file.sync()
    await batch.file.close()
    await this.#beforeAdded()
    const key = await store.addBatch(await batch.writer.finish())
    await disk.rename(batch.path, folder.result(resultStem(key, null), 'output'))
    await disk.syncFolder(folder.results)
    await store.settleCarried(key, await this.#settle(key, batch))
  }

  /** The answers in columns, on stable storage; nothing of it was used by this run. */
  async #settle(attemptKey: number, { hash, lines, results, writer }: OpenBatch): Promise<Settlement> {
    const { disk, folder, store } = this.#ports
    const outcomes = Outcomes.empty(results.length)
    for (const [index, result] of results.entries()) outcomes.set(index, result)
    const name = outcomesName(resultStem(attemptKey, null), false)
    const facts = await outcomes.write(disk, folder.outcomes(name))
    const record = (await store.batches()).at(-1)
    if (!record) throw new Error('the batch was not stored')
    const tally = tallyOf(
      { record, plan: writer.plan(), outcomes },
      new RowWeights(),
      longContextTokens(record.target.provider),
    )
    const resultFiles = [{ role: 'output', bytes: lines.position, sha256: hash.digest('hex') }] as const
    return { name, facts, resultFiles, cancelCause: null, tally, usage: [] }
  }
}

const LINE_FEED = Buffer.from('\n')
