import type { Disk, DiskFile, OpenMode } from '../../src/lib/disk.ts'
import type { DatabaseDisk } from '../../src/store/folder/connection.ts'
import { failure } from './disk-failure.ts'
import type { Life } from './life.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

/** The file system through the eyes of one process; every change is a step at which it may die. */
export class ProcessDisk implements DatabaseDisk {
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

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    await (mode === 'read' || this.#disk.find(path) ? this.#life.live() : this.#life.pass(`make file ${path}`))
    const content = this.#disk.openFile(path, mode)
    const life = this.#life
    const disk = this.#disk
    // Of its own, also where another process has truncated the file meanwhile.
    let written = 0
    return {
      async write(bytes) {
        // What is handed over must not change while the process waits: the caller may use its buffer again.
        await life.pass(`write ${bytes.length} bytes to ${path}`)
        const code = disk.trouble('write')
        if (code) throw failure(code, path)
        content.write(bytes, mode === 'append' ? content.length : written)
        written += bytes.length
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

  async isOwn(): Promise<boolean> {
    await this.#life.live()
    return true
  }

  async networkFileSystem(): Promise<string | undefined> {
    await this.#life.live()
    return undefined
  }
}
