import { createHash } from 'node:crypto'

/** Bytes gathered before they are hashed; a call for each short piece costs more than the hashing. */
const BUFFER_BYTES = 64 * 1_024

const SHORT_CHARACTERS = 64

/** SHA-256 over many short pieces, as if they were one. */
export class BufferedHash {
  readonly #hash = createHash('sha256')
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  #filled = 0

  /** Appends a text as UTF-8; it must not end in half of a surrogate pair. */
  updateText(text: string): void {
    if (text.length <= SHORT_CHARACTERS && this.#addShort(text)) return
    // A UTF-16 unit takes at most three bytes in UTF-8.
    if (!this.#makeRoom(text.length * 3)) this.#hash.update(text)
    else this.#filled += this.#buffer.write(text, this.#filled, 'utf8')
  }

  /** Appends a short text of ASCII; a call of the encoder costs more. False where it is not ASCII: nothing is appended. */
  #addShort(text: string): boolean {
    this.#makeRoom(text.length)
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      if (code > 0x7f) return false
      this.#buffer[this.#filled + at] = code
    }
    this.#filled += text.length
    return true
  }

  /** Appends bytes. */
  updateBytes(bytes: Uint8Array): void {
    if (!this.#makeRoom(bytes.length)) this.#hash.update(bytes)
    else {
      this.#buffer.set(bytes, this.#filled)
      this.#filled += bytes.length
    }
  }

  /** The hash in hexadecimal; nothing can be appended any more. */
  digest(): string {
    this.#flush()
    return this.#hash.digest('hex')
  }

  /** False where the piece is too large to be gathered; everything before it is hashed then. */
  #makeRoom(bytes: number): boolean {
    if (bytes > BUFFER_BYTES - this.#filled) this.#flush()
    return bytes <= BUFFER_BYTES
  }

  #flush(): void {
    if (this.#filled > 0) this.#hash.update(this.#buffer.subarray(0, this.#filled))
    this.#filled = 0
  }
}
