import { once } from 'node:events'
import { pipeline, Readable } from 'node:stream'
import { createGunzip, createGzip, type Gzip } from 'node:zlib'

/** Limits of unpacking: compressed data of a few bytes can claim any size. */
export interface GunzipLimits {
  /** Bytes unpacked for each byte read, at most; natural text stays below 30, repetitive tables below 200. */
  readonly maxRatio: number
  /** Not looked at before so many bytes were unpacked. */
  readonly freeBytes: number
}

const LIMITS: GunzipLimits = { maxRatio: 500, freeBytes: 64 * 1_024 * 1_024 }

/** Unpacked more than the limits allow. */
export class GunzipRatioError extends Error {}

/** True where bytes begin as gzip data does (RFC 1952). */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b
}

/**
 * Unpacks gzip data as a stream; several members in a row are one text. Throws on damaged or cut data, and a
 * `GunzipRatioError` where it unpacks to absurdly more than it is.
 */
export async function* gunzip(
  pieces: AsyncIterable<Uint8Array>,
  { freeBytes, maxRatio }: GunzipLimits = LIMITS,
): AsyncIterable<Uint8Array> {
  let read = 0
  async function* counted(): AsyncIterable<Uint8Array> {
    for await (const piece of pieces) {
      read += piece.length
      // Copied, because a source may use its buffer again before it is unpacked.
      yield Buffer.from(piece)
    }
  }
  let unpacked = 0
  const stream = pipeline(Readable.from(counted()), createGunzip(), () => undefined)
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    unpacked += piece.length
    if (unpacked > freeBytes && unpacked > read * maxRatio) {
      throw new GunzipRatioError(`${read} bytes unpack to more than ${unpacked}`)
    }
    yield piece
  }
}

/** Packs what is written as one gzip member; the packed bytes are handed on as they come. */
export class GzipWriter {
  readonly #gzip: Gzip = createGzip()
  readonly #write: (bytes: Uint8Array) => Promise<void>
  #packed: Uint8Array[] = []

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write
    this.#gzip.on('data', (piece: Uint8Array) => this.#packed.push(piece))
  }

  async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#gzip.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
    await this.#handOn()
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    const ended = once(this.#gzip, 'end')
    this.#gzip.end()
    await ended
    await this.#handOn()
  }

  async #handOn(): Promise<void> {
    const packed = this.#packed
    this.#packed = []
    for (const piece of packed) await this.#write(piece)
  }
}
