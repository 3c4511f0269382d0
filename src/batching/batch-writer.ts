import { createHash } from 'node:crypto'
import { BufferedWriter } from '../lib/atomic-file.ts'
import { BufferedHash } from '../lib/buffered-hash.ts'
import type { DiskFile } from '../lib/disk.ts'
import { sumKnown } from '../lib/number.ts'
import { type BatchPlan, PlanBuilder } from '../log/batch-plan.ts'
import type { BatchKind } from '../model/batch.ts'
import { nonceFrom, wirePrefix } from '../model/ids.ts'
import { plainGroup, Tally } from '../model/tally.ts'
import { type Target, targetKey } from '../model/target.ts'
import { Identities } from '../request/identity.ts'
import type { NewBatchRecord, TokenMethod } from '../store/port/batch.ts'
import type { RunContext } from '../workspace/context.ts'
import type { BatchFacts, BatchRequest } from './batcher.ts'

type Ports = Pick<RunContext, 'clock' | 'disk' | 'folder' | 'random'>

const LINE_FEED = Buffer.from('\n')

/**
 * Writes the input file of one batch while it is planned: one encoded line a request, under the nonce of the batch's
 * first attempt. The batch exists once `finish` was awaited and the store was told.
 */
export class BatchWriter {
  /** What its wire ids begin with. */
  readonly prefix: string
  readonly #target: Target
  readonly #kind: BatchKind
  readonly #ports: Ports
  readonly #nonce: string
  readonly #file: DiskFile
  readonly #writer: BufferedWriter
  readonly #inputHash = createHash('sha256')
  readonly #contentHash = new BufferedHash()
  readonly #identities = new Identities()
  readonly #plan = new PlanBuilder()
  readonly #tally = new Tally()
  #reasked = { requests: 0, rows: 0 }
  /** Requests that no batch held before. */
  #fresh = 0
  /** What is taken over, by the keys of the batches that held it. */
  readonly #taken = new Map<number, Tally>()
  readonly #tokenMethod: TokenMethod
  #tokens = 0
  /** Null once any answer is without limit. */
  #mostOutputTokens: number | null = 0

  private constructor(ports: Ports, target: Target, { kind, tokenMethod }: BatchFacts, nonce: string, file: DiskFile) {
    this.#kind = kind
    this.#tokenMethod = tokenMethod
    this.#target = target
    this.#ports = ports
    this.#nonce = nonce
    this.prefix = wirePrefix(nonce)
    this.#file = file
    this.#writer = new BufferedWriter(file, this.#inputHash)
    this.#contentHash.updateText(targetKey(target))
  }

  static async open(ports: Ports, target: Target, facts: BatchFacts): Promise<BatchWriter> {
    const nonce = nonceFrom(ports.random.bytes(16))
    const file = await ports.disk.open(ports.folder.input(inputName(nonce)), 'write')
    return new BatchWriter(ports, target, facts, nonce, file)
  }

  /** Appends a request's line, made under `prefix`. */
  async addLine(request: BatchRequest, line: Buffer, tokens: number): Promise<void> {
    this.#tokens += tokens
    this.#mostOutputTokens = sumKnown([this.#mostOutputTokens, request.mostOutputTokens])
    this.#addToPlan(request)
    if (!this.#writer.tryBytes(line)) await this.#writer.writeBytes(line)
    if (!this.#writer.tryBytes(LINE_FEED)) await this.#writer.writeBytes(LINE_FEED)
    this.#contentHash.updateBytes(`${request.ordinal} `)
    this.#contentHash.updateBytes(request.identity ?? this.#identities.of(request.target, request.body))
  }

  /** A request that was in a batch before is counted here from now on, and there no longer. */
  #addToPlan({ earlier, ordinal }: BatchRequest): void {
    if (!earlier) {
      this.#plan.add({ ordinal, tries: 0, turn: 0, earlierUsd: 0 })
      this.#fresh += 1
      return
    }
    const { earlierUsd, tries, turn } = earlier
    this.#plan.add({ ordinal, tries, turn, earlierUsd })
    this.#tally.add(plainGroup('batched', turn, { requests: 1, rows: earlier.group.rows }, earlierUsd))
    if (earlier.asksAnew) this.#reasked.requests += 1
    if (earlier.asksAnew === 'first') this.#reasked.rows += earlier.group.rows
    const taken = this.#taken.get(earlier.batchKey) ?? new Tally()
    taken.add(earlier.group)
    this.#taken.set(earlier.batchKey, taken)
  }

  /** The requests so far, in the order of their lines. */
  plan(): BatchPlan {
    return this.#plan.plan()
  }

  /** What was written so far. */
  size(): { readonly requests: number; readonly bytes: number; readonly tokens: number } {
    return { requests: this.#plan.length, bytes: this.#writer.position, tokens: this.#tokens }
  }

  /** Forces the file to disk and tells what the store must know of it. */
  async finish(): Promise<NewBatchRecord> {
    await this.#writer.flush()
    await this.#file.sync()
    await this.close()
    const { disk, folder } = this.#ports
    if (this.#fresh > 0) this.#tally.add(plainGroup('batched', 0, { requests: this.#fresh, rows: this.#fresh }, 0))
    return {
      kind: this.#kind,
      target: this.#target,
      requestCount: this.#plan.length,
      firstOrdinal: this.#plan.first,
      lastOrdinal: this.#plan.last,
      plan: await this.#plan.write(disk, folder.plan(this.#nonce)),
      tally: this.#tally.groups(),
      reasked: this.#reasked,
      taken: new Map([...this.#taken].map(([key, tally]) => [key, tally.groups()])),
      contentHash: this.#contentHash.digest(),
      tokens: this.#tokens,
      tokenMethod: this.#tokenMethod,
      mostOutputTokens: this.#mostOutputTokens,
      attempt: {
        nonce: this.#nonce,
        inputName: inputName(this.#nonce),
        inputBytes: this.#writer.position,
        inputSha256: this.#inputHash.digest('hex'),
        createdAt: this.#ports.clock.now(),
      },
    }
  }

  /** Lets go of the file, also of one that is not finished; may be repeated. */
  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** Named after the nonce, as at the provider: our own random characters, nothing of the user's. */
function inputName(nonce: string): string {
  return `${nonce}.jsonl`
}
