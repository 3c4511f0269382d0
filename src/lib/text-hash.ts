import { createHash } from 'node:crypto'

/** Characters gathered before they are hashed; a call for each short text costs more than the hashing. */
const PIECE_CHARACTERS = 64 * 1_024

/** SHA-256 over many short texts, as if they were one. */
export class TextHash {
  readonly #hash = createHash('sha256')
  #gathered = ''

  /** Appends a text, which must not end in half of a surrogate pair. */
  update(text: string): void {
    this.#gathered += text
    if (this.#gathered.length >= PIECE_CHARACTERS) this.#flush()
  }

  /** The hash in hexadecimal; nothing can be appended any more. */
  digest(): string {
    this.#flush()
    return this.#hash.digest('hex')
  }

  #flush(): void {
    this.#hash.update(this.#gathered)
    this.#gathered = ''
  }
}
