import { createHash } from 'node:crypto'
import { dirname, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import pLimit from 'p-limit'
import { type Disk, type DiskFile, isAbsent, type OpenMode, type ReadRange } from '../../lib/disk.ts'
import { prefetch } from '../../lib/prefetch.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { Bucket, Expected } from './bucket.ts'

/** Ports of a disk whose files lie in a bucket. */
export interface BucketDiskPorts {
  readonly bucket: Bucket
  /** The disk of this machine. */
  readonly local: Disk
  /** A folder of this process alone, for copies: what lies below it is in the bucket, all else on this machine. */
  readonly scratch: string
  /** Bytes of copies that are kept because they may be read again. @default 5 GB */
  readonly mostScratchBytes?: number
}

const MOST_SCRATCH_BYTES = 5_000_000_000

/** Objects that are stored at the same time. */
const STORED_AT_ONCE = 4

/** What is appended is gathered up to here, because an object can only be replaced. */
const APPENDED_BYTES = 64 << 10

/** Names of files that are not whole yet; see `writeAtomically`. */
const UNFINISHED = '.partial'

/** Behind the name of a copy that is being fetched. */
const FETCHED = '.fetched'

/** A copy of a file on this machine. */
interface Copy {
  /** Version of the object that was fetched, or is to be replaced; null where there was none. */
  version: Expected
  /** True where the object is not this copy yet. */
  isNew: boolean
  /** True where all that was written so far was forced to the disk. */
  isForced: boolean
  /** Set while it is on its way into the bucket. */
  storing: Promise<void> | null
  /** How often it is open. */
  open: number
  bytes: number
  usedAt: number
}

/**
 * The files of a home in a bucket, as a disk: a file is written beside the program first and stored when its folder is
 * forced to the disk, which is when the store may name it. Files that are read from their beginning come straight out of
 * the bucket; for others a copy is fetched, and kept as long as there is room. An object is replaced only where it is still
 * the one that this process knew: a process that was halted and wakes up changes nothing any more.
 */
export class BucketDisk implements Disk {
  /** The folder of the copies. */
  readonly scratch: string
  readonly #bucket: Bucket
  readonly #local: Disk
  readonly #mostBytes: number
  readonly #copies = new Map<string, Copy>()
  readonly #fetching = new Map<string, Promise<void>>()
  readonly #appended = new Map<string, Uint8Array[]>()
  readonly #limit = pLimit(STORED_AT_ONCE)
  #uses = 0

  constructor({ bucket, local, mostScratchBytes = MOST_SCRATCH_BYTES, scratch }: BucketDiskPorts) {
    this.#bucket = bucket
    this.#local = local
    this.scratch = scratch
    this.#mostBytes = mostScratchBytes
  }

  /** Files of a user lie outside of the scratch folder. */
  get isOfSystem(): boolean {
    return this.#local.isOfSystem === true
  }

  async makeFolder(path: string): Promise<void> {
    await this.#local.makeFolder(path)
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    if (!this.#isInside(path)) return await this.#local.open(path, mode)
    if (mode === 'append') return this.#openAppended(path)
    if (mode === 'read') return await this.#openCopy(path)
    return await this.#openNew(path, mode)
  }

  stream(path: string, range: ReadRange = {}): AsyncIterable<Uint8Array> {
    return this.#isInside(path) ? prefetch(this.#pieces(path, range)) : this.#local.stream(path, range)
  }

  async readText(path: string): Promise<string | undefined> {
    if (!this.#isInside(path)) return await this.#local.readText(path)
    const pieces: Uint8Array[] = []
    try {
      for await (const piece of this.stream(path)) pieces.push(piece)
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
    return Buffer.concat(pieces).toString('utf8')
  }

  async size(path: string): Promise<number | undefined> {
    if (!this.#isInside(path) || this.#copies.get(path)?.isNew) return await this.#local.size(path)
    return (await this.#bucket.facts(this.#nameOf(path)))?.bytes
  }

  async identity(path: string): Promise<string | undefined> {
    return await this.#local.identity(path)
  }

  async isOwn(path: string): Promise<boolean> {
    return await this.#local.isOwn(path)
  }

  async list(path: string): Promise<readonly string[]> {
    if (!this.#isInside(path)) return await this.#local.list(path)
    const beginning = path === this.scratch ? '' : `${this.#nameOf(path)}/`
    const found = new Set<string>()
    for (const [copied, { isNew }] of this.#copies) {
      const name = this.#nameOf(copied)
      if (isNew && name.startsWith(beginning)) found.add(firstPart(name.slice(beginning.length)))
    }
    for await (const name of this.#bucket.names(beginning)) found.add(firstPart(name.slice(beginning.length)))
    return [...found].sort()
  }

  async rename(from: string, to: string): Promise<void> {
    const moved = this.#copies.get(from)
    if (!this.#isInside(from) || moved === undefined) return await this.#local.rename(from, to)
    const version = from === to + UNFINISHED ? moved.version : await this.#versionToReplace(to)
    await this.#local.rename(from, to)
    this.#copies.delete(from)
    this.#copies.set(to, moved)
    const wasStored = !moved.isNew
    Object.assign(moved, { version, isNew: true })
    if (wasStored) await this.#bucket.remove(this.#nameOf(from))
  }

  async remove(path: string): Promise<void> {
    await this.#local.remove(path)
    if (!this.#isInside(path)) return
    for (const copied of this.#copies.keys()) {
      if (copied === path || copied.startsWith(path + sep)) this.#copies.delete(copied)
    }
    for (const appended of this.#appended.keys()) {
      if (appended === path || appended.startsWith(path + sep)) this.#appended.delete(appended)
    }
    if (!path.endsWith(UNFINISHED)) await this.#bucket.remove(this.#nameOf(path))
  }

  async syncFolder(path: string): Promise<void> {
    if (!this.#isInside(path)) return await this.#local.syncFolder(path)
    const stored = [...this.#copies].filter(
      ([copied, { isForced, isNew }]) => isNew && isForced && dirname(copied) === path && !copied.endsWith(UNFINISHED),
    )
    const all = await Promise.allSettled(stored.map(([copied, copy]) => this.#store(copied, copy)))
    for (const one of all) if (one.status === 'rejected') throw one.reason
    await this.#makeRoom()
  }

  async freeBytes(path: string): Promise<number> {
    return await this.#local.freeBytes(path)
  }

  async networkFileSystem(path: string): Promise<string | undefined> {
    return await this.#local.networkFileSystem(path)
  }

  /** Stores what was appended, and removes all copies. */
  async close(): Promise<void> {
    try {
      for (const path of this.#appended.keys()) await this.#storeAppended(path)
    } finally {
      this.#bucket.close()
      await this.#local.remove(this.scratch)
    }
  }

  async #openNew(path: string, mode: OpenMode): Promise<DiskFile> {
    // What is written under a name of its own first is to replace what is there now, and nothing that comes meanwhile.
    const version = await this.#versionToReplace(path.endsWith(UNFINISHED) ? path.slice(0, -UNFINISHED.length) : path)
    // Another machine may have made the folder.
    await this.#local.makeFolder(dirname(path))
    const file = await this.#local.open(path, mode)
    const usedAt = (this.#uses += 1)
    const copy: Copy = { version, isNew: true, isForced: false, storing: null, open: 1, bytes: 0, usedAt }
    this.#copies.set(path, copy)
    return {
      write: async (bytes) => {
        copy.isForced = false
        await file.write(bytes)
        copy.bytes += bytes.length
      },
      read: async (position, length) => await file.read(position, length),
      // It is not safe before it is in the bucket, so the disk of this machine need not be waited for.
      sync: async () => {
        copy.isForced = true
      },
      close: async () => {
        copy.open -= 1
        await file.close()
      },
    }
  }

  async #openCopy(path: string): Promise<DiskFile> {
    const copy = await this.#borrowCopy(path)
    try {
      const file = await this.#local.open(path, 'read')
      return {
        write: async (bytes) => await file.write(bytes),
        read: async (position, length) => await file.read(position, length),
        sync: async () => undefined,
        close: async () => {
          await file.close()
          copy.open -= 1
          await this.#makeRoom()
        },
      }
    } catch (error) {
      copy.open -= 1
      throw error
    }
  }

  #openAppended(path: string): DiskFile {
    return {
      write: async (bytes) => {
        const pieces = this.#appended.get(path) ?? []
        pieces.push(Uint8Array.from(bytes))
        this.#appended.set(path, pieces)
      },
      read: async () => new Uint8Array(),
      sync: async () => await this.#storeAppended(path),
      close: async () => {
        const bytes = (this.#appended.get(path) ?? []).reduce((sum, piece) => sum + piece.length, 0)
        if (bytes >= APPENDED_BYTES) await this.#storeAppended(path)
      },
    }
  }

  /** Puts what was appended behind what is there, also where another process appends. */
  async #storeAppended(path: string): Promise<void> {
    const name = this.#nameOf(path)
    const pieces = this.#appended.get(path) ?? []
    this.#appended.delete(path)
    if (pieces.length === 0) return
    for (;;) {
      const before: Uint8Array[] = []
      const version = await this.#versionOf(path)
      if (version !== null) for await (const piece of this.#bucket.read(name)) before.push(piece)
      const whole = Buffer.concat([...before, ...pieces])
      const body = { bytes: whole.length, open: () => Readable.from([whole]) }
      if ((await this.#bucket.store(name, body, version)) !== undefined) return
    }
  }

  /** Local where this process has a copy that is up to date. */
  async *#pieces(path: string, range: ReadRange): AsyncIterable<Uint8Array> {
    const copy = this.#copies.get(path)
    if (copy !== undefined && (copy.isNew || copy.version === (await this.#versionOf(path)))) {
      copy.open += 1
      try {
        yield* this.#local.stream(path, range)
      } finally {
        copy.open -= 1
      }
      return
    }
    const { chunkBytes = Number.POSITIVE_INFINITY, end, start } = range
    for await (const piece of this.#bucket.read(this.#nameOf(path), start, end)) {
      for (let from = 0; from < piece.length; from += chunkBytes) yield piece.subarray(from, from + chunkBytes)
    }
  }

  /** The copy of a file, fetched where there is none that is up to date; it counts as open. */
  async #borrowCopy(path: string): Promise<Copy> {
    const version = this.#copies.get(path)?.isNew ? undefined : await this.#versionOf(path)
    const known = this.#copies.get(path)
    if (known !== undefined && (known.isNew || known.version === version)) {
      known.open += 1
      known.usedAt = this.#uses += 1
      return known
    }
    const fetching = this.#fetching.get(path) ?? this.#fetch(path).finally(() => this.#fetching.delete(path))
    this.#fetching.set(path, fetching)
    await fetching
    const fetched = this.#copies.get(path)
    if (!fetched) throw new Error(`the copy of ${path} was removed while it was fetched`)
    fetched.open += 1
    return fetched
  }

  async #fetch(path: string): Promise<void> {
    await this.#local.makeFolder(dirname(path))
    const file = await this.#local.open(path + FETCHED, 'write')
    let bytes = 0
    let version: string
    try {
      const pieces = this.#bucket.read(this.#nameOf(path))
      let next = await pieces.next()
      for (; !next.done; next = await pieces.next()) {
        await file.write(next.value)
        bytes += next.value.length
      }
      version = next.value
    } catch (error) {
      await file.close()
      await this.#local.remove(path + FETCHED)
      throw error
    }
    await file.close()
    await this.#local.rename(path + FETCHED, path)
    const usedAt = (this.#uses += 1)
    this.#copies.set(path, { version, isNew: false, isForced: true, storing: null, open: 0, bytes, usedAt })
  }

  /** Stores a file; a second one that wants the same waits for the first. */
  async #store(path: string, copy: Copy): Promise<void> {
    copy.storing ??= this.#limit(async () => await this.#storeNow(path, copy)).finally(() => {
      copy.storing = null
    })
    await copy.storing
  }

  async #storeNow(path: string, copy: Copy): Promise<void> {
    const name = this.#nameOf(path)
    const body = { bytes: copy.bytes, open: () => Readable.from(this.#local.stream(path)) }
    const stored = await this.#bucket.store(name, body, copy.version)
    copy.version = stored ?? (await this.#versionIfSame(path))
    copy.isNew = false
  }

  /** The version of an object that came to be what this process wanted to store, such as by a call whose answer was lost. */
  async #versionIfSame(path: string): Promise<string> {
    const version = await this.#versionOf(path)
    if (version !== null) {
      const [ours, theirs] = await Promise.all([
        digestOf(this.#local.stream(path)),
        digestOf(this.#bucket.read(this.#nameOf(path))),
      ])
      if (ours === theirs) return version
    }
    throw new LlmBatchError('busy', `another process has written ${this.#nameOf(path)} in the bucket meanwhile`, {
      next: 'It goes on with the run; nothing of it was changed here.',
    })
  }

  /** Removes the copies that were not used for the longest time, down to what may be kept. */
  async #makeRoom(): Promise<void> {
    const kept = [...this.#copies].filter(([, { isNew, open, storing }]) => !isNew && open === 0 && storing === null)
    let bytes = kept.reduce((sum, [, copy]) => sum + copy.bytes, 0)
    for (const [path, copy] of kept.sort(([, one], [, other]) => one.usedAt - other.usedAt)) {
      if (bytes <= this.#mostBytes) return
      bytes -= copy.bytes
      this.#copies.delete(path)
      await this.#local.remove(path)
    }
  }

  /** The version that a new content may take the place of. */
  async #versionToReplace(path: string): Promise<Expected> {
    const copy = this.#copies.get(path)
    return copy?.isNew ? copy.version : await this.#versionOf(path)
  }

  async #versionOf(path: string): Promise<Expected> {
    return (await this.#bucket.facts(this.#nameOf(path)))?.version ?? null
  }

  #isInside(path: string): boolean {
    return path.startsWith(this.scratch + sep)
  }

  #nameOf(path: string): string {
    return relative(this.scratch, path).split(sep).join('/')
  }
}

function firstPart(name: string): string {
  return name.split('/', 1)[0] ?? name
}

async function digestOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}
