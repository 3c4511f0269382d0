import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { OpenMode } from '../../src/lib/disk.ts'
import type { Connection } from '../../src/store/folder/connection.ts'
import type { Chance } from './chance.ts'
import { failure } from './disk-failure.ts'
import { Content, loseBytes } from './file-content.ts'
import type { Life } from './life.ts'
import { Databases } from './simulated-database.ts'

type Entry = Content | 'folder'

/** A change of a folder that is not yet on stable storage. */
interface Change {
  readonly folder: string
  readonly apply: (entries: Map<string, Entry>) => void
}

/** Fault of a disk: the error code of one operation. */
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

  /** Moves of attempts that were written to databases of this disk. */
  get moves(): ReadonlySet<string> {
    return this.#databases.moves
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

  /** Has the disk return another byte of this file than was written. */
  damage(path: string, chance: Chance): void {
    const entry = this.#entries.get(path)
    if (entry === undefined || entry === 'folder' || entry.length === 0) return
    const place = chance.below(entry.length)
    entry.bytes[place] = (entry.bytes[place] ?? 0) ^ (1 << chance.below(8))
  }

  /** Every file with its bytes, for a look at the disk from outside. */
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

  openFile(path: string, mode: OpenMode): Content {
    const found = this.#entries.get(path)
    if (found === 'folder') throw failure('EISDIR', path)
    if (found) {
      if (mode === 'write' || mode === 'share') found.truncate()
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

  openDatabase(path: string, life: Life): Connection {
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
