import { join } from 'node:path'
import { writeAtomically } from '../../lib/atomic-file.ts'
import type { Disk } from '../../lib/disk.ts'

const ENDING = '.json'

/** Records in memory, each also in a small file of its own that is replaced atomically. */
export class RecordStore<Entry extends { readonly id: string }> {
  readonly #disk: Disk
  readonly #folder: string
  readonly #records = new Map<string, Entry>()
  /** The last write of each record that is being written, so that two writes never share a temporary file. */
  readonly #writes = new Map<string, Promise<void>>()

  private constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
  }

  /** Reads everything that an earlier server left in the folder. */
  static async open<Entry extends { readonly id: string }>(
    disk: Disk,
    folder: string,
    parse: (value: unknown) => Entry,
  ): Promise<RecordStore<Entry>> {
    const records = new RecordStore<Entry>(disk, folder)
    await disk.makeFolder(folder)
    for (const name of await disk.list(folder)) {
      const text = name.endsWith(ENDING) ? await disk.readText(join(folder, name)) : undefined
      if (text === undefined) continue
      const record = parse(JSON.parse(text))
      records.#records.set(record.id, record)
    }
    return records
  }

  get(id: string): Entry | undefined {
    return this.#records.get(id)
  }

  values(): IterableIterator<Entry> {
    return this.#records.values()
  }

  /** Changes a record in memory only; for progress that a restart finds out again by itself. */
  note(record: Entry): void {
    this.#records.set(record.id, record)
  }

  /** Changes a record at once in memory, then on disk. A new record that the disk refuses is in neither. */
  async put(record: Entry): Promise<void> {
    const isNew = !this.#records.has(record.id)
    this.#records.set(record.id, record)
    try {
      await this.#write(record)
    } catch (error) {
      if (isNew) this.#records.delete(record.id)
      throw error
    }
  }

  async #write(record: Entry): Promise<void> {
    await this.#inTurn(record.id, () =>
      writeAtomically(this.#disk, this.#path(record.id), async (writer) => {
        await writer.writeText(JSON.stringify(record))
      }),
    )
  }

  #path(id: string): string {
    return join(this.#folder, `${id}${ENDING}`)
  }

  async #inTurn(id: string, act: () => Promise<void>): Promise<void> {
    const write = (this.#writes.get(id) ?? Promise.resolve()).then(act)
    this.#writes.set(id, write)
    try {
      await write
    } finally {
      if (this.#writes.get(id) === write) this.#writes.delete(id)
    }
  }
}
