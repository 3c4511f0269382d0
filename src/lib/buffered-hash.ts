import { createHash } from 'node:crypto'

/** Bytes gathered before they are hashed; a call for each short piece costs more than the hashing. */
const BUFFER_BYTES = 64 * 1_024

/** SHA-256 over many short texts, as if they were one. */
export class BufferedHash {
  readonly #hash = createHash('sha256')
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  #filled = 0

  /** Appends a text of characters up to U+00FF, a byte each, such as a number or a hash, of at most 64 KiB. */
  updateBytes(text: string): void {
    if (text.length > BUFFER_BYTES - this.#filled) this.#flush()
    if (text.length > BUFFER_BYTES) throw new RangeError('a text is too long to be gathered')
    // A call of the encoder costs more.
    for (let at = 0; at < text.length; at += 1) this.#buffer[this.#filled + at] = text.charCodeAt(at)
    this.#filled += text.length
  }

  /** Appends any text as UTF-8. */
  updateText(text: string): void {
    this.#flush()
    this.#hash.update(text)
  }

  /** The hash in hexadecimal; nothing can be appended any more. */
  digest(): string {
    this.#flush()
    return this.#hash.digest('hex')
  }

  #flush(): void {
    if (this.#filled > 0) this.#hash.update(this.#buffer.subarray(0, this.#filled))
    this.#filled = 0
  }
}
