import { join } from 'node:path'
import { writeAtomically } from '../../lib/atomic-file.ts'
import type { Disk } from '../../lib/disk.ts'
import type { Random } from '../../lib/random.ts'
import { DIALECT } from '../dialects.ts'
import { digestOf } from './identifier.ts'
import { type BatchRecord, batchSchema, type DialectName, type FileRecord, fileSchema, isFinal } from './record.ts'
import { RecordStore } from './record-store.ts'

/** Everything the server knows, in memory and below one folder. */
export class State {
  readonly disk: Disk
  readonly folder: string
  readonly seed: number
  readonly files: RecordStore<FileRecord>
  readonly batches: RecordStore<BatchRecord>
  #sequence = 0

  private constructor(
    disk: Disk,
    folder: string,
    seed: number,
    files: RecordStore<FileRecord>,
    batches: RecordStore<BatchRecord>,
  ) {
    this.disk = disk
    this.folder = folder
    this.seed = seed
    this.files = files
    this.batches = batches
    for (const record of [...files.values(), ...batches.values()]) {
      this.#sequence = Math.max(this.#sequence, record.sequence)
    }
  }

  static async open(disk: Disk, folder: string, seed: number | undefined, random: Random): Promise<State> {
    await disk.makeFolder(join(folder, 'data'))
    await disk.makeFolder(join(folder, 'ledger'))
    await disk.makeFolder(join(folder, 'journal'))
    // What an upload or an execution left half-written is of no use to anyone.
    await disk.remove(join(folder, 'temporary'))
    await disk.makeFolder(join(folder, 'temporary'))
    const files = await RecordStore.open(disk, join(folder, 'files'), (value) => fileSchema.parse(value))
    const batches = await RecordStore.open(disk, join(folder, 'batches'), (value) => batchSchema.parse(value))
    return new State(disk, folder, await keptSeed(disk, folder, seed, random), files, batches)
  }

  /** A new id with its sequence number; never given twice, also not after a restart. */
  newId(dialect: DialectName, kind: 'file' | 'batch'): ReservedId {
    this.#sequence += 1
    const id = DIALECT[dialect].recordId(kind, digestOf(this.seed, kind, this.#sequence))
    return { id, sequence: this.#sequence }
  }

  /** Where the bytes of a file lie. */
  dataPath(fileId: string): string {
    return join(this.folder, 'data', fileId)
  }

  /** Where the rows billed for a batch are booked. */
  ledgerPath(batchId: string): string {
    return join(this.folder, 'ledger', `${batchId}.jsonl`)
  }

  /** Where it is kept what a server of models was asked for a batch that is not over. */
  journalPath(batchId: string): string {
    return join(this.folder, 'journal', `${batchId}.jsonl`)
  }

  /** A place for bytes that become a file later. */
  temporaryPath(name: string): string {
    return join(this.folder, 'temporary', name)
  }

  /** The file, where this dialect and account may see it. */
  file(owner: Owner, id: string): FileRecord | undefined {
    const file = this.files.get(id)
    return file && owns(owner, file) ? file : undefined
  }

  /** The batch, where this dialect and account may see it by now. */
  batch(owner: Owner, id: string, now: number): BatchRecord | undefined {
    const batch = this.batches.get(id)
    return batch && owns(owner, batch) && batch.visibleAtMs <= now ? batch : undefined
  }

  /** Batches that this dialect and account may see by now, newest first. */
  batchesOf(owner: Owner, now: number): BatchRecord[] {
    const visible = [...this.batches.values()].filter((batch) => owns(owner, batch) && batch.visibleAtMs <= now)
    return visible.sort((one, other) => other.sequence - one.sequence)
  }

  /** Files stored up to then that this dialect and account may see, newest first. */
  filesOf(owner: Owner, untilMs: number): FileRecord[] {
    const stored = [...this.files.values()].filter((file) => owns(owner, file) && file.createdAtMs <= untilMs)
    const visible = stored.filter((file) => !file.isHidden)
    return visible.sort((one, other) => other.sequence - one.sequence)
  }

  /** Takes finished bytes into the files, under a new id unless one was given out before. */
  async addFile(
    from: string,
    file: Omit<FileRecord, 'id' | 'sequence' | 'isDeleted'>,
    reserved: ReservedId = this.newId(file.dialect, 'file'),
  ): Promise<FileRecord> {
    const record = { ...file, ...reserved, isDeleted: false }
    await this.disk.rename(from, this.dataPath(record.id))
    try {
      await this.files.put(record)
    } catch (error) {
      await this.disk.remove(this.dataPath(record.id))
      throw error
    }
    return record
  }

  /** Deletes a file for its owner; the bytes stay for batches that are still at work on them. */
  async deleteFile(file: FileRecord): Promise<void> {
    await this.files.put({ ...file, isDeleted: true })
    const isInUse = [...this.batches.values()].some(
      (batch) => !isFinal(batch.phase) && batch.inputFileIds.includes(file.id),
    )
    if (!isInUse) await this.disk.remove(this.dataPath(file.id))
  }
}

/** An id with its place among all. */
export interface ReservedId {
  readonly id: string
  readonly sequence: number
}

/** The client of a call: one account as seen through one dialect. */
export interface Owner {
  readonly dialect: DialectName
  readonly account: string
}

function owns(owner: Owner, record: Owner & { readonly isDeleted: boolean }): boolean {
  return record.dialect === owner.dialect && record.account === owner.account && !record.isDeleted
}

/** The seed of this folder: the given one, or the one an earlier server kept, or a new one. */
async function keptSeed(disk: Disk, folder: string, given: number | undefined, random: Random): Promise<number> {
  const path = join(folder, 'seed')
  const kept = await disk.readText(path)
  if (given === undefined && kept !== undefined) return Number(kept)
  const seed = given ?? Math.floor(random.fraction() * 2 ** 32)
  await writeAtomically(disk, path, async (writer) => {
    await writer.writeText(String(seed))
  })
  return seed
}
