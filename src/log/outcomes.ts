import type { Disk } from '../lib/disk.ts'
import type { FileFacts } from '../model/file-facts.ts'
import { type Billed, OUTCOME_STATUSES, type OutcomeStatus } from '../model/outcome.ts'
import type { RequestResult } from '../model/request-result.ts'
import { type ColumnSet, readColumns, writeColumns } from './columns-file.ts'

const KIND = 'outcomes'

const BILLED: readonly Billed[] = ['yes', 'no', 'unknown']

const FILES = ['output', 'error'] as const

/** Stands for a number that the provider did not give. */
const NO_NUMBER = 0xffff_ffff

/** Bits of `flags`. */
const AGAIN = 1
const NO_TRY = 2

/**
 * Outcomes of the requests of a batch, in the order of its plan: numbers of a fixed width, 51 bytes a request, and each
 * different text once. Codes, reasons and names of models point into the texts, 0 for none.
 */
export class Outcomes {
  readonly length: number
  readonly #columns: Columns
  readonly #texts: string[]
  /** Tokens written to a cache; only where any result has such. */
  #writes: WriteColumns | undefined
  /** Where each text stands; made when the first text is added. */
  #places: Map<string, number> | undefined

  private constructor(length: number, columns: Columns, texts: string[]) {
    this.length = length
    this.#columns = columns
    this.#texts = texts
  }

  /** Outcomes of so many requests, none known yet. */
  static empty(length: number): Outcomes {
    return new Outcomes(length, emptyColumns(length), [])
  }

  /** The outcomes in a file that the catalog names; undefined where it is damaged or absent. */
  static async read(disk: Disk, path: string, facts: FileFacts): Promise<Outcomes | undefined> {
    const set = await readColumns(disk, path, KIND, facts)
    if (!set) return undefined
    const { cacheWriteTokens, hourWriteTokens } = set.columns
    const outcomes = new Outcomes(set.length, set.columns as unknown as Columns, [...set.texts])
    // The header has told which columns these are.
    if (cacheWriteTokens && hourWriteTokens) outcomes.#writes = { cacheWriteTokens, hourWriteTokens } as WriteColumns
    return outcomes
  }

  /** Forces them to disk, whole or not at all, and tells what the catalog must know of the file. */
  async write(disk: Disk, path: string): Promise<FileFacts> {
    const set: ColumnSet = { length: this.length, columns: { ...this.#columns, ...this.#writes }, texts: this.#texts }
    return await writeColumns(disk, path, KIND, set)
  }

  /** True once the outcome of this request is known. */
  has(index: number): boolean {
    return this.#columns.status[index] !== 0
  }

  /** The status of a request; undefined while what became of it is not known. */
  statusAt(index: number): OutcomeStatus | undefined {
    return OUTCOME_STATUSES[(this.#columns.status[index] ?? 0) - 1]
  }

  /** True where the request is to be sent again. */
  isAgain(index: number): boolean {
    return ((this.#columns.flags[index] ?? 0) & AGAIN) !== 0
  }

  /** True where its outcome is known, and was a try that counts. */
  countsAsTry(index: number): boolean {
    return this.has(index) && ((this.#columns.flags[index] ?? 0) & NO_TRY) === 0
  }

  /** Records what became of a request; what was recorded before is replaced. */
  set(index: number, result: RequestResult): void {
    const columns = this.#columns
    columns.status[index] = OUTCOME_STATUSES.indexOf(result.status) + 1
    columns.billed[index] = BILLED.indexOf(result.billed)
    columns.flags[index] = (result.verdict === 'again' ? AGAIN : 0) | (result.countsAsTry ? 0 : NO_TRY)
    columns.code[index] = this.#textOf(result.code)
    columns.reason[index] = this.#textOf(result.reason)
    columns.model[index] = this.#textOf(result.model)
    columns.promptTokens[index] = result.promptTokens ?? NO_NUMBER
    columns.completionTokens[index] = result.completionTokens ?? NO_NUMBER
    columns.cachedTokens[index] = result.cachedTokens ?? NO_NUMBER
    columns.reasoningTokens[index] = result.reasoningTokens ?? NO_NUMBER
    this.#setWrites(index, result)
    columns.file[index] = result.file === null ? 0 : FILES.indexOf(result.file) + 1
    columns.offset[index] = result.offset ?? 0
    columns.length[index] = result.length ?? 0
    columns.crc32[index] = result.crc32 ?? 0
  }

  /** What became of a request; undefined while that is not known. */
  at(index: number): RequestResult | undefined {
    const columns = this.#columns
    const status = this.statusAt(index)
    if (status === undefined) return undefined
    const file = FILES[(columns.file[index] ?? 0) - 1] ?? null
    return {
      status,
      code: this.#text(columns.code[index]),
      reason: this.#text(columns.reason[index]),
      billed: BILLED[columns.billed[index] ?? 0] ?? 'unknown',
      promptTokens: known(columns.promptTokens[index]),
      completionTokens: known(columns.completionTokens[index]),
      cachedTokens: known(columns.cachedTokens[index]),
      reasoningTokens: known(columns.reasoningTokens[index]),
      cacheWriteTokens: known(this.#writes?.cacheWriteTokens[index]),
      hourWriteTokens: known(this.#writes?.hourWriteTokens[index]),
      model: this.#text(columns.model[index]),
      file,
      offset: file === null ? null : (columns.offset[index] ?? 0),
      length: file === null ? null : (columns.length[index] ?? 0),
      crc32: file === null ? null : (columns.crc32[index] ?? 0),
      verdict: this.isAgain(index) ? 'again' : 'final',
      countsAsTry: this.countsAsTry(index),
    }
  }

  #setWrites(index: number, { cacheWriteTokens = null, hourWriteTokens = null }: RequestResult): void {
    if (this.#writes === undefined && cacheWriteTokens === null && hourWriteTokens === null) return
    this.#writes ??= { cacheWriteTokens: noNumbers(this.length), hourWriteTokens: noNumbers(this.length) }
    this.#writes.cacheWriteTokens[index] = cacheWriteTokens ?? NO_NUMBER
    this.#writes.hourWriteTokens[index] = hourWriteTokens ?? NO_NUMBER
  }

  #text(place: number | undefined): string | null {
    // Most have none, and a place before the first of an array is looked up by its name, slowly.
    return place ? (this.#texts[place - 1] ?? null) : null
  }

  #textOf(text: string | null): number {
    if (text === null) return 0
    this.#places ??= new Map(this.#texts.map((each, index) => [each, index + 1]))
    const place = this.#places.get(text)
    if (place !== undefined) return place
    this.#texts.push(text)
    this.#places.set(text, this.#texts.length)
    return this.#texts.length
  }
}

type Columns = ReturnType<typeof emptyColumns>

interface WriteColumns {
  readonly cacheWriteTokens: Uint32Array
  readonly hourWriteTokens: Uint32Array
}

function noNumbers(length: number): Uint32Array {
  return new Uint32Array(length).fill(NO_NUMBER)
}

function emptyColumns(length: number) {
  return {
    status: new Uint8Array(length),
    billed: new Uint8Array(length),
    flags: new Uint8Array(length),
    file: new Uint8Array(length),
    code: new Uint32Array(length),
    reason: new Uint32Array(length),
    model: new Uint32Array(length),
    promptTokens: new Uint32Array(length),
    completionTokens: new Uint32Array(length),
    cachedTokens: new Uint32Array(length),
    reasoningTokens: new Uint32Array(length),
    length: new Uint32Array(length),
    crc32: new Uint32Array(length),
    offset: new Float64Array(length),
  }
}

function known(number: number | undefined): number | null {
  return number === undefined || number === NO_NUMBER ? null : number
}
