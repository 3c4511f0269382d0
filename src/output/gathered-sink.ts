import type { ByteSink } from './row-writer.ts'

/** Characters gathered before they are handed on; more does not make it faster. */
const PIECE_CHARACTERS = 1 << 16

/** A writer that takes large pieces only: a packer, or standard output. */
export type PieceWriter = Pick<ByteSink, 'writeBytes'> & { readonly write: (text: string) => Promise<void> }

/** Gathers lines for a writer of pieces; what is left at the end is written by `flush`. */
export class GatheredSink implements ByteSink {
  readonly #to: PieceWriter
  #piece = ''

  constructor(to: PieceWriter) {
    this.#to = to
  }

  tryText(text: string): boolean {
    if (this.#piece.length + text.length > PIECE_CHARACTERS) return false
    this.#piece += text
    return true
  }

  async writeText(text: string): Promise<void> {
    const piece = this.#piece + text
    this.#piece = ''
    await this.#to.write(piece)
  }

  async writeBytes(bytes: Uint8Array): Promise<void> {
    await this.flush()
    await this.#to.writeBytes(bytes)
  }

  async flush(): Promise<void> {
    if (this.#piece !== '') await this.writeText('')
  }
}
