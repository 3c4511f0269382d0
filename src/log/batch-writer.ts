import { createHash } from 'node:crypto'
import { BufferedWriter } from '../lib/atomic-file.ts'
import { BufferedHash } from '../lib/buffered-hash.ts'
import type { DiskFile } from '../lib/disk.ts'
import { sumKnown } from '../lib/sum.ts'
import type { BatchKind } from '../model/batch.ts'
import { nonceFrom, spliceWireId, WIRE_ID_LENGTH, wireId, wirePrefix } from '../model/ids.ts'
import { type Target, targetKey } from '../model/target.ts'
import { mostOutputTokens as mostOutputOf } from '../request/most-output.ts'
import type { NewBatchRecord, TokenMethod } from '../store/store.ts'
import type { RunContext } from '../workspace/context.ts'
import { WrittenRequests } from './written-requests.ts'

type Ports = Pick<RunContext, 'clock' | 'disk' | 'folder' | 'provider' | 'random'>

const LINE_FEED = Buffer.from('\n')

/** Lines are encoded into one piece of memory; only those that may be longer get their own. */
const SCRATCH_BYTES = 64 * 1_024

/** What is known of a batch before its first line. */
export interface WriterFacts {
  /** @default 'batch' */
  readonly kind?: BatchKind
  readonly tokenMethod: TokenMethod
}

/** What a line counts for. */
export interface LineSize {
  /** Estimated input tokens, before calibration. */
  readonly tokens: number
  /** The most tokens its answer may have; null for no limit. */
  readonly mostOutputTokens: number | null
}

/**
 * Writes the input file of one batch while it is planned: one encoded line a request, under the nonce of the batch's
 * first attempt. The batch exists once `finish` was awaited and the store was told.
 */
export class BatchWriter {
  readonly target: Target
  /** The target as one string. */
  readonly targetKey: string
  readonly #kind: BatchKind
  readonly #ports: Ports
  readonly #nonce: string
  readonly #prefix: string
  readonly #file: DiskFile
  readonly #writer: BufferedWriter
  readonly #inputHash = createHash('sha256')
  readonly #contentHash = new BufferedHash()
  readonly #requests = new WrittenRequests()
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
  /** Where the wire id stood in the last line. */
  #idAt = 0
  readonly #tokenMethod: TokenMethod
  #tokens = 0
  /** Null once any answer is without limit. */
  #mostOutputTokens: number | null = 0

  private constructor(ports: Ports, target: Target, { kind, tokenMethod }: WriterFacts, nonce: string, file: DiskFile) {
    this.#kind = kind ?? 'batch'
    this.#tokenMethod = tokenMethod
    this.target = target
    this.#ports = ports
    this.#nonce = nonce
    this.#prefix = wirePrefix(nonce)
    this.#file = file
    this.#writer = new BufferedWriter(file, this.#inputHash)
    this.targetKey = targetKey(target)
    this.#contentHash.updateText(this.targetKey)
  }

  static async open(ports: Ports, target: Target, facts: WriterFacts): Promise<BatchWriter> {
    const nonce = nonceFrom(ports.random.bytes(16))
    const file = await ports.disk.open(ports.folder.input(inputName(nonce)), 'write')
    return new BatchWriter(ports, target, facts, nonce, file)
  }

  /** The line that this request would be, without line feed; its bytes are valid until the next one is encoded. */
  encode(ordinal: number, body: string): Buffer {
    const text = this.#ports.provider.encode({ wireId: wireId(this.#prefix, ordinal), target: this.target, body })
    // A UTF-16 unit takes at most three bytes in UTF-8.
    if (text.length * 3 > SCRATCH_BYTES) return Buffer.from(text)
    return this.#scratch.subarray(0, this.#scratch.write(text))
  }

  /**
   * Appends an encoded line; returns the part of it that is the same in every attempt, for hashing. `replaces` is the
   * request in whose place it asks again.
   */
  async addLine(
    ordinal: number,
    row: number | null,
    line: Buffer,
    size: LineSize,
    replaces?: number,
  ): Promise<Uint8Array> {
    this.#tokens += size.tokens
    this.#mostOutputTokens = sumKnown([this.#mostOutputTokens, size.mostOutputTokens])
    this.#requests.add(ordinal, row, line.length, replaces)
    if (!this.#writer.tryBytes(line)) await this.#writer.writeBytes(line)
    if (!this.#writer.tryBytes(LINE_FEED)) await this.#writer.writeBytes(LINE_FEED)
    const content = this.#contentOf(line)
    this.#contentHash.updateText(`${ordinal} `)
    this.#contentHash.updateBytes(content)
    this.#contentHash.updateText('\n')
    return content
  }

  /**
   * What follows the wire id in a line. Adapters put the id first, so this is the body and how it is addressed. The id
   * nearly always stands where it stood before.
   */
  #contentOf(line: Buffer): Uint8Array {
    if (!hasAt(line, this.#prefix, this.#idAt)) this.#idAt = line.indexOf(this.#prefix, 0, 'latin1')
    return line.subarray(this.#idAt + WIRE_ID_LENGTH)
  }

  /** Appends a line that was frozen under another nonce. */
  async addFrozenLine(ordinal: number, frozen: Uint8Array, nonce: string, tokens: number): Promise<void> {
    const line = spliceWireId(frozen, wireId(wirePrefix(nonce), ordinal), wireId(this.#prefix, ordinal))
    const bytes = Buffer.from(line.buffer, line.byteOffset, line.length)
    const most = mostOutputOf(bodyOf(bytes), this.target.endpoint)
    await this.addLine(ordinal, null, bytes, { mostOutputTokens: most, tokens })
  }

  /** Forces the file to disk and tells what the store must know of it. */
  async finish(): Promise<NewBatchRecord> {
    await this.#writer.flush()
    await this.#file.sync()
    await this.close()
    return {
      kind: this.#kind,
      target: this.target,
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

/** The request body of an encoded line; adapters of every provider name it so. */
function bodyOf(line: Buffer): Readonly<Record<string, unknown>> {
  return (JSON.parse(line.toString()) as { readonly body?: Record<string, unknown> }).body ?? {}
}

/** Named after the nonce, as at the provider: our own random characters, nothing of the user's. */
function inputName(nonce: string): string {
  return `${nonce}.jsonl`
}

function hasAt(bytes: Uint8Array, text: string, start: number): boolean {
  for (let at = 0; at < text.length; at += 1) if (bytes[start + at] !== text.charCodeAt(at)) return false
  return true
}

/** What follows the wire id in a line. Adapters put the id first, so this is the body and how it is addressed. */
export function contentOf(line: Buffer, prefix: string): Uint8Array {
  return line.subarray(line.indexOf(prefix, 0, 'latin1') + WIRE_ID_LENGTH)
}
