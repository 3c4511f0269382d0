import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Disk, DiskFile } from '../../src/lib/disk.ts'
import type { DatabaseDisk } from '../../src/store/connection.ts'
import type { Chance } from './chance.ts'
import type { Life } from './life.ts'
import { Databases } from './simulated-database.ts'

/** The bytes of a file; those up to `syncedLength` survive a power loss. */
class Content {
  readonly identity: number
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  length = 0
  syncedLength = 0

  constructor(identity: number) {
    this.identity = identity
  }

  append(piece: Uint8Array): void {
    const needed = this.length + piece.length
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length))
      larger.set(this.bytes.subarray(0, this.length))
      this.bytes = larger
    }
    this.bytes.set(piece, this.length)
    this.length = needed
  }

  slice(start = 0, end = this.length): Uint8Array {
    return this.bytes.slice(start, Math.min(end, this.length))
  }

  truncate(): void {
    this.length = 0
    this.syncedLength = 0
  }
}

type Entry = Content | 'folder'

/** A change of a folder that is not yet on stable storage. */
interface Change {
  readonly folder: string
  readonly apply: (entries: Map<string, Entry>) => void
}

/** What a disk can be made to do wrong: the error code of one operation. */
export type DiskTrouble = (operation: 'write' | 'sync') => 'ENOSPC' | 'EIO' | undefined

/**
 * A machine's file system in memory that knows what is on stable storage and what is not. File contents become durable
 * by `sync`, names by `syncFolder`, both for themselves. Databases are real, in a real folder below `realRoot`; without
 * one there are none, and the power never fails.
 */
export class SimulatedDisk {
  trouble: DiskTrouble = () => undefined
  readonly #realRoot: string | null
  readonly #databases: Databases
  #entries = new Map<string, Entry>([['/', 'folder']])
  #durable = new Map<string, Entry>([['/', 'folder']])
  #changes: Change[] = []
  #identities = 0

  constructor(realRoot: string | null) {
    this.#realRoot = realRoot
    this.#databases = new Databases()
  }

  /** The file system as one process sees it. */
  of(life: Life): DatabaseDisk {
    return new ProcessView(this, life)
  }

  /** What a process that died held open is closed, and its transactions are rolled back. */
  dropConnections(): void {
    this.#databases.closeAll()
  }

  /**
   * Takes the power away: of names and contents that were not forced to stable storage, some survive, some are lost, and
   * contents may be cut anywhere or be there with the right length and zeros inside.
   */
  losePower(chance: Chance): void {
    this.#databases.losePower()
    const entries = new Map(this.#durable)
    for (const change of this.#changes) if (chance.happens(0.5)) change.apply(entries)
    for (const path of entries.keys()) if (!this.#hasParents(entries, path)) entries.delete(path)
    for (const entry of new Set(entries.values())) if (entry !== 'folder') loseBytes(entry, chance)
    for (const [path, entry] of this.#entries) {
      if (entry === 'folder' && entries.get(path) !== 'folder') this.#removeReal(path)
    }
    this.#entries = entries
    this.#durable = new Map(entries)
    this.#changes = []
  }

  /** Every file with its bytes, for whoever looks at the disk from outside. */
  *files(): Iterable<readonly [path: string, bytes: Uint8Array]> {
    for (const [path, entry] of this.#entries) if (entry !== 'folder') yield [path, entry.slice()]
  }

  /** Where databases of this path lie in truth. */
  real(path: string): string {
    if (this.#realRoot === null) throw new Error('there are no databases on this disk')
    return join(this.#realRoot, path)
  }

  find(path: string): Entry | undefined {
    return this.#entries.get(path)
  }

  makeFolder(path: string): void {
    const parent = dirname(path)
    if (parent !== path && !this.#entries.has(parent)) this.makeFolder(parent)
    if (this.#entries.get(path) === 'folder') return
    this.#change(parent, (entries) => entries.set(path, 'folder'))
  }

  openFile(path: string, mode: 'read' | 'write' | 'append'): Content {
    const found = this.#entries.get(path)
    if (found === 'folder') throw failure('EISDIR', path)
    if (found) {
      if (mode === 'write') found.truncate()
      return found
    }
    if (mode === 'read' || this.#entries.get(dirname(path)) !== 'folder') throw failure('ENOENT', path)
    this.#identities += 1
    const content = new Content(this.#identities)
    this.#change(dirname(path), (entries) => entries.set(path, content))
    return content
  }

  rename(from: string, to: string): void {
    const entry = this.#entries.get(from)
    if (entry === undefined) throw failure('ENOENT', from)
    // A rename is atomic: after a power loss either both names have changed or neither.
    this.#change(dirname(to), (entries) => {
      if (entries.get(from) === entry) entries.delete(from)
      entries.set(to, entry)
    })
  }

  remove(path: string): void {
    const within = [...this.#entries.keys()].filter((one) => one === path || one.startsWith(`${path}/`))
    if (this.#entries.get(path) === 'folder') this.#removeReal(path)
    for (const one of within.toReversed()) this.#change(dirname(one), (entries) => entries.delete(one))
  }

  syncFolder(path: string): void {
    if (this.#entries.get(path) !== 'folder') throw failure('ENOENT', path)
    const [synced, rest] = [
      this.#changes.filter(({ folder }) => folder === path),
      this.#changes.filter(({ folder }) => folder !== path),
    ]
    for (const change of synced) change.apply(this.#durable)
    this.#changes = rest
  }

  namesIn(path: string): readonly string[] {
    const start = path === '/' ? '/' : `${path}/`
    const names = [...this.#entries.keys()].filter((one) => one.startsWith(start) && one !== '/')
    return names
      .map((one) => one.slice(start.length))
      .filter((name) => !name.includes('/'))
      .sort()
  }

  openDatabase(path: string, life: Life) {
    mkdirSync(dirname(this.real(path)), { recursive: true })
    // SQLite forces the folder of its log to stable storage with its first commit, and with it the database's name.
    return this.#databases.open(this.real(path), life, () => this.syncFolder(dirname(path)))
  }

  #change(folder: string, apply: Change['apply']): void {
    apply(this.#entries)
    if (this.#realRoot !== null) this.#changes.push({ folder, apply })
  }

  #removeReal(path: string): void {
    if (this.#realRoot !== null) rmSync(this.real(path), { recursive: true, force: true })
  }

  #hasParents(entries: Map<string, Entry>, path: string): boolean {
    const parent = dirname(path)
    return parent === path || (entries.get(parent) === 'folder' && this.#hasParents(entries, parent))
  }
}

/** What a power loss does to bytes that were not forced to stable storage. */
function loseBytes(content: Content, chance: Chance): void {
  const unsynced = content.length - content.syncedLength
  if (unsynced > 0) {
    const fate = chance.below(4)
    if (fate === 0) content.length = content.syncedLength
    if (fate === 1) content.length = content.syncedLength + chance.below(unsynced)
    if (fate === 2) content.bytes.fill(0, content.syncedLength, content.length)
  }
  content.syncedLength = content.length
}

/** The file system through the eyes of one process; every change is a step at which it may die. */
class ProcessView implements DatabaseDisk {
  readonly #disk: SimulatedDisk
  readonly #life: Life

  constructor(disk: SimulatedDisk, life: Life) {
    this.#disk = disk
    this.#life = life
  }

  readonly openDatabase: DatabaseDisk['openDatabase'] = (path) => {
    if (this.#life.isOver) this.#life.passNow('')
    return this.#disk.openDatabase(path, this.#life)
  }

  async makeFolder(path: string): Promise<void> {
    if (this.#disk.find(path) === 'folder') return await this.#life.live()
    await this.#life.pass(`make folder ${path}`)
    this.#disk.makeFolder(path)
  }

  async open(path: string, mode: 'read' | 'write' | 'append'): Promise<DiskFile> {
    await (mode === 'read' || this.#disk.find(path) ? this.#life.live() : this.#life.pass(`make file ${path}`))
    const content = this.#disk.openFile(path, mode)
    const life = this.#life
    const disk = this.#disk
    return {
      async write(bytes) {
        // What is handed over must not change while the process waits: the caller may use its buffer again.
        await life.pass(`write ${bytes.length} bytes to ${path}`)
        const code = disk.trouble('write')
        if (code) throw failure(code, path)
        content.append(bytes)
      },
      async read(position, length) {
        await life.live()
        return content.slice(position, position + length)
      },
      async sync() {
        await life.pass(`fsync ${path}`)
        const code = disk.trouble('sync')
        if (code) throw failure(code, path)
        content.syncedLength = content.length
      },
      close: () => life.live(),
    }
  }

  async *stream(path: string, range: Parameters<Disk['stream']>[1] = {}): AsyncIterable<Uint8Array> {
    await this.#life.live()
    const content = this.#disk.openFile(path, 'read')
    const { start = 0, end = content.length } = range
    if (start < Math.min(end, content.length)) yield content.slice(start, end)
  }

  async readText(path: string): Promise<string | undefined> {
    await this.#life.live()
    const entry = this.#disk.find(path)
    return entry === undefined || entry === 'folder' ? undefined : Buffer.from(entry.slice()).toString()
  }

  async size(path: string): Promise<number | undefined> {
    await this.#life.live()
    const entry = this.#disk.find(path)
    return entry === undefined || entry === 'folder' ? undefined : entry.length
  }

  async identity(path: string): Promise<string | undefined> {
    await this.#life.live()
    const entry = this.#disk.find(path)
    if (entry === undefined) return undefined
    return entry === 'folder' ? `folder ${path}` : `file ${entry.identity}`
  }

  async list(path: string): Promise<readonly string[]> {
    await this.#life.live()
    return this.#disk.namesIn(path)
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#life.pass(`rename ${from} to ${to}`)
    this.#disk.rename(from, to)
  }

  async remove(path: string): Promise<void> {
    if (this.#disk.find(path) === undefined) return await this.#life.live()
    await this.#life.pass(`remove ${path}`)
    this.#disk.remove(path)
  }

  async syncFolder(path: string): Promise<void> {
    await this.#life.pass(`fsync folder ${path}`)
    this.#disk.syncFolder(path)
  }

  async freeBytes(path: string): Promise<number> {
    await this.#life.live()
    if (this.#disk.find(path) === undefined) throw failure('ENOENT', path)
    return 1e12
  }

  async networkFileSystem(): Promise<string | undefined> {
    await this.#life.live()
    return undefined
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path })
}
