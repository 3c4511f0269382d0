import { createHash } from 'node:crypto'
import { BufferedWriter } from '../lib/atomic-file.ts'
import { BufferedHash } from '../lib/buffered-hash.ts'
import type { DiskFile } from '../lib/disk.ts'
import { sumKnown } from '../lib/sum.ts'
import { contentOf } from '../log/frozen-line.ts'
import type { BatchKind } from '../model/batch.ts'
import { nonceFrom, wirePrefix } from '../model/ids.ts'
import { type Target, targetKey } from '../model/target.ts'
import type { NewBatchRecord, TokenMethod } from '../store/store.ts'
import type { RunContext } from '../workspace/context.ts'
import type { BatchFacts, BatchRequest } from './batcher.ts'
import { WrittenRequests } from './written-requests.ts'

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
  readonly #requests = new WrittenRequests()
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

  /** Appends a request's line, made under `prefix`; returns the part of it that is the same in every attempt. */
  async addLine(request: BatchRequest, line: Buffer, tokens: number): Promise<Uint8Array> {
    this.#tokens += tokens
    this.#mostOutputTokens = sumKnown([this.#mostOutputTokens, request.mostOutputTokens])
    this.#requests.add(request.ordinal, request.row, line.length, request.replaces)
    if (!this.#writer.tryBytes(line)) await this.#writer.writeBytes(line)
    if (!this.#writer.tryBytes(LINE_FEED)) await this.#writer.writeBytes(LINE_FEED)
    const content = contentOf(line)
    this.#contentHash.updateText(`${request.ordinal} `)
    this.#contentHash.updateBytes(content)
    this.#contentHash.updateText('\n')
    return content
  }

  /** What was written so far. */
  size(): { readonly requests: number; readonly bytes: number; readonly tokens: number } {
    return { requests: this.#requests.length, bytes: this.#writer.position, tokens: this.#tokens }
  }

  /** Forces the file to disk and tells what the store must know of it. */
  async finish(): Promise<NewBatchRecord> {
    await this.#writer.flush()
    await this.#file.sync()
    await this.close()
    return {
      kind: this.#kind,
      target: this.#target,
      requests: this.#requests,
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
