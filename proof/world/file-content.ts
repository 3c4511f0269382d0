import type { Chance } from './chance.ts'

/** The bytes of a file; those up to `syncedLength` survive a power loss. */
export class Content {
  readonly identity: number
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  length = 0
  syncedLength = 0

  constructor(identity: number) {
    this.identity = identity
  }

  /** Writes bytes at a place; a gap before it is zeros. */
  write(piece: Uint8Array, at: number): void {
    const needed = at + piece.length
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length))
      larger.set(this.bytes.subarray(0, this.length))
      this.bytes = larger
    }
    if (at > this.length) this.bytes.fill(0, this.length, at)
    this.bytes.set(piece, at)
    this.length = Math.max(this.length, needed)
  }

  slice(start = 0, end = this.length): Uint8Array {
    return this.bytes.slice(start, Math.min(end, this.length))
  }

  truncate(): void {
    this.length = 0
    this.syncedLength = 0
  }
}

/** What a power loss does to bytes that were not forced to stable storage. */
export function loseBytes(content: Content, chance: Chance): void {
  const unsynced = content.length - content.syncedLength
  if (unsynced > 0) {
    const fate = chance.below(4)
    if (fate === 0) content.length = content.syncedLength
    if (fate === 1) content.length = content.syncedLength + chance.below(unsynced)
    if (fate === 2) content.bytes.fill(0, content.syncedLength, content.length)
  }
  content.syncedLength = content.length
}
