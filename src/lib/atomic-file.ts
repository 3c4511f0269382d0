import type { Hash } from 'node:crypto'
import { dirname } from 'node:path'
import type { Disk, DiskFile } from './disk.ts'

/** Bytes gathered before they are handed to the system; one write per line would be four times slower. */
const BUFFER_BYTES = 1 << 20

/**
 * Gathers small writes into large ones, and gathers on while the system still writes what was handed to it. Positions count
 * from the file's beginning. A write that failed is thrown by the next call that hands something on.
 */
export class BufferedWriter {
  readonly #file: DiskFile
  readonly #hash: Hash | undefined
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  /** The other buffer, which may be on its way to the disk; made when it is first needed. */
  #spare: Buffer | undefined
  /** Settles when what was handed on is written. */
  #writing: Promise<void> = Promise.resolve()
  #filled = 0
  #flushed = 0

  /** `hash` is updated with every byte that is written, in large pieces. */
  constructor(file: DiskFile, hash?: Hash) {
    this.#file = file
    this.#hash = hash
  }

  /** Bytes written so far, buffered ones included: the offset of what is written next. */
  get position(): number {
    return this.#flushed + this.#filled
  }

  /** Appends text as UTF-8 and returns its length in bytes. */
  async writeText(text: string): Promise<number> {
    const before = this.position
    if (!this.tryText(text)) await this.writeBytes(Buffer.from(text, 'utf8'))
    return this.position - before
  }

  /**
   * Appends bytes where there is room for them among what is gathered, else does nothing and gives false: then they are
   * for `writeBytes`. Waiting for a promise a line costs more than the line.
   */
  tryBytes(bytes: Uint8Array): boolean {
    if (bytes.length > this.#buffer.length - this.#filled) return false
    this.#buffer.set(bytes, this.#filled)
    this.#filled += bytes.length
    return true
  }

  /** The same for text. */
  tryText(text: string): boolean {
    // A UTF-16 unit takes at most three bytes in UTF-8.
    if (text.length * 3 > this.#buffer.length - this.#filled) return false
    this.#filled += this.#buffer.write(text, this.#filled, 'utf8')
    return true
  }

  async writeBytes(bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#buffer.length - this.#filled) await this.#handOn()
    if (bytes.length >= this.#buffer.length) {
      // The caller may use these bytes again as soon as this is done.
      await this.#write(bytes)
      await this.#writing
      return
    }
    this.#buffer.set(bytes, this.#filled)
    this.#filled += bytes.length
  }

  /** Hands everything gathered to the system, and waits until it has taken it. */
  async flush(): Promise<void> {
    await this.#handOn()
    await this.#writing
  }

  /** Hands on what is gathered as soon as the system has taken what was handed on before, and goes on in the other buffer. */
  async #handOn(): Promise<void> {
    if (this.#filled === 0) return
    const full = this.#buffer
    await this.#write(full.subarray(0, this.#filled))
    this.#buffer = this.#spare ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
    this.#spare = full
    this.#filled = 0
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#hash?.update(bytes)
    await this.#writing
    this.#writing = this.#file.write(bytes)
    // It is thrown where it is awaited; until then it must not count as forgotten.
    this.#writing.catch(() => undefined)
    this.#flushed += bytes.length
  }
}

/**
 * Writes a file so that after a crash it is whole or absent: a temporary name beside it, fsync, rename, fsync of the
 * folder. When `write` throws, the temporary file is removed and an existing file stays as it was.
 * @default mode only the user may read it
 */
export async function writeAtomically(
  disk: Disk,
  path: string,
  write: (writer: BufferedWriter) => Promise<void>,
  mode: 'write' | 'share' = 'write',
): Promise<void> {
  const temporary = `${path}.partial`
  const file = await disk.open(temporary, mode)
  try {
    try {
      const writer = new BufferedWriter(file)
      await write(writer)
      await writer.flush()
      await file.sync()
    } finally {
      await file.close()
    }
    await disk.rename(temporary, path)
  } catch (error) {
    await disk.remove(temporary)
    throw error
  }
  await disk.syncFolder(dirname(path))
}
