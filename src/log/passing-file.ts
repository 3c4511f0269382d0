import { createHash } from 'node:crypto'
import type { FileFacts } from '../model/file-facts.ts'

/** Bytes of a file that are hashed as they pass, so that it need not be read once more for that. */
export class PassingFile {
  readonly #hash = createHash('sha256')
  #bytes = 0

  async *through(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const piece of pieces) {
      this.#hash.update(piece)
      this.#bytes += piece.length
      yield piece
    }
  }

  /** Size and hash of all that has passed; to be asked for once. */
  facts(): FileFacts {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}
