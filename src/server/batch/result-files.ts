import { BufferedWriter } from '../../lib/atomic-file.ts'
import type { DiskFile } from '../../lib/disk.ts'
import { seededFraction } from '../../lib/random.ts'
import { DIALECT } from '../dialects.ts'
import { type Booking, book } from '../state/ledger.ts'
import type { BatchRecord, FileRecord } from '../state/record.ts'
import type { State } from '../state/state.ts'
import { Shuffle } from './shuffle.ts'

type Destination = 'output' | 'error'

interface Part {
  readonly path: string
  readonly file: DiskFile
  readonly writer: BufferedWriter
  lines: number
  isClosed: boolean
}

/**
 * The files a batch leaves behind: output, errors, and the rows to bill. They are written aside and take their place
 * together when the batch has ended, so that a server that is killed in between executes the batch again from its
 * first row and yet bills each row once.
 */
export class ResultFiles {
  readonly #state: State
  readonly #batch: BatchRecord
  readonly #output: Part
  readonly #error: Part
  readonly #ledger: Part
  readonly #shuffle: Shuffle<{ readonly to: Destination; readonly line: string }>

  private constructor(state: State, batch: BatchRecord, parts: readonly [Part, Part, Part]) {
    this.#state = state
    this.#batch = batch
    ;[this.#output, this.#error, this.#ledger] = parts
    this.#shuffle = new Shuffle(seededFraction(state.seed + batch.sequence))
  }

  static async open(state: State, batch: BatchRecord): Promise<ResultFiles> {
    const part = (name: string): Promise<Part> => openPart(state, `${batch.id}.${name}`)
    return new ResultFiles(state, batch, [await part('output'), await part('error'), await part('ledger')])
  }

  /** Takes a result line; it may be written later, because results come in another order than requests. */
  async add(to: Destination, line: string): Promise<void> {
    const next = this.#shuffle.exchange({ to, line })
    if (next) await this.#write(next.to, next.line)
  }

  async bill(booking: Booking): Promise<void> {
    await book(this.#ledger.writer, booking)
  }

  /** Puts everything in its place. A file without lines does not come into being, unless `keepsEmpty`. */
  async finish(now: number, keepsEmpty: boolean): Promise<{ outputFileId: string | null; errorFileId: string | null }> {
    for (let held = this.#shuffle.next(); held; held = this.#shuffle.next()) await this.#write(held.to, held.line)
    const outputFileId = await this.#keep(this.#output, 'result', now, keepsEmpty)
    const errorFileId = await this.#keep(this.#error, 'error', now, keepsEmpty)
    await this.#ledger.writer.flush()
    await closeOnce(this.#ledger)
    await this.#state.disk.rename(this.#ledger.path, this.#state.ledgerPath(this.#batch.id))
    return { outputFileId, errorFileId }
  }

  /** Drops what is not in its place yet, when the server stops or fails before the batch ended. May be repeated. */
  async abandon(): Promise<void> {
    for (const part of [this.#output, this.#error, this.#ledger]) {
      await closeOnce(part)
      await this.#state.disk.remove(part.path)
    }
  }

  async #write(to: Destination, line: string): Promise<void> {
    const part = to === 'output' ? this.#output : this.#error
    part.lines += 1
    await part.writer.writeText(line)
    await part.writer.writeText('\n')
  }

  async #keep(part: Part, kind: 'result' | 'error', now: number, keepsEmpty: boolean): Promise<string | null> {
    await part.writer.flush()
    await closeOnce(part)
    if (part.lines === 0 && !keepsEmpty) {
      await this.#state.disk.remove(part.path)
      return null
    }
    const record = await this.#state.addFile(part.path, this.#describe(part, kind, now))
    return record.id
  }

  #describe(part: Part, kind: 'result' | 'error', now: number): Omit<FileRecord, 'id' | 'sequence' | 'isDeleted'> {
    const { dialect, account, id, isInline, outputLifeSeconds } = this.#batch
    const { lifeSeconds, purpose } = DIALECT[dialect].resultFile
    return {
      dialect,
      account,
      name: `${id}_${kind === 'result' ? 'output' : 'error'}.jsonl`,
      purpose,
      kind,
      bytes: part.writer.position,
      lines: part.lines,
      createdAtMs: now,
      expiresAtMs: lifeSeconds === null ? null : now + (outputLifeSeconds ?? lifeSeconds) * 1_000,
      isHidden: isInline,
    }
  }
}

async function openPart(state: State, name: string): Promise<Part> {
  const path = state.temporaryPath(name)
  const file = await state.disk.open(path, 'write')
  return { path, file, writer: new BufferedWriter(file), lines: 0, isClosed: false }
}

async function closeOnce(part: Part): Promise<void> {
  if (part.isClosed) return
  part.isClosed = true
  await part.file.close()
}
