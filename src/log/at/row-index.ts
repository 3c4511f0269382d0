import type { Disk } from '../../lib/disk.ts'
import type { FileFacts } from '../../model/file-facts.ts'
import { type ColumnSet, readColumns, writeColumns } from '../columns-file.ts'
import type { RowFacts } from '../row-facts.ts'

const KIND = 'row index'

/** A place is noted again after so many rows, or so many bytes of either file: what is read to find one row. */
const MOST_ROWS = 512
const MOST_BYTES = 256 * 1_024

/** A row from which on the files of rows that were frozen together can be read. All counted within these rows. */
export interface RowPlace {
  readonly row: number
  /** Requests of the rows before it: which one is its own, if it has one. */
  readonly request: number
  /** Where it begins in the file of rows, and where the next fact stands in that of facts. Bytes. */
  readonly rowsAt: number
  readonly factsAt: number
  /** The line of the input that the row before it stood on. */
  readonly line: number
}

/** The beginning, which needs no index. */
const BEGINNING: RowPlace = { row: 0, request: 0, rowsAt: 0, factsAt: 0, line: 0 }

/** Notes, while rows are frozen, where some of them begin, so that they can be read from there. */
export class RowIndexWriter {
  readonly #places: RowPlace[] = [BEGINNING]
  #last: RowPlace = BEGINNING
  #row = 0
  #request = 0
  #line = 0

  /** Takes the next row, which will be written at these places of the two files. */
  add({ line, problem, shares }: RowFacts, rowsAt: number, factsAt: number): void {
    const last = this.#last
    const isFar =
      this.#row - last.row >= MOST_ROWS || rowsAt - last.rowsAt >= MOST_BYTES || factsAt - last.factsAt >= MOST_BYTES
    if (isFar) {
      this.#last = { row: this.#row, request: this.#request, rowsAt, factsAt, line: this.#line }
      this.#places.push(this.#last)
    }
    this.#row += 1
    if (problem === null && shares === null) this.#request += 1
    this.#line = line
  }

  /** Forces it to disk, and tells what the catalog must know of it; null where these are few rows, which need none. */
  async write(disk: Disk, path: string): Promise<FileFacts | null> {
    const places = this.#places
    if (places.length === 1) return null
    const columns = {
      row: Uint32Array.from(places, ({ row }) => row),
      request: Uint32Array.from(places, ({ request }) => request),
      line: Float64Array.from(places, ({ line }) => line),
      rowsAt: Float64Array.from(places, ({ rowsAt }) => rowsAt),
      factsAt: Float64Array.from(places, ({ factsAt }) => factsAt),
    }
    return await writeColumns(disk, path, KIND, { length: places.length, columns, texts: [] })
  }
}

/** Places of rows that were frozen together, in rising order; the first one is their beginning. */
export class RowIndex {
  readonly length: number
  readonly #set: ColumnSet | undefined

  private constructor(set: ColumnSet | undefined) {
    this.#set = set
    this.length = set?.length ?? 1
  }

  /** The index of few rows, which are read from their beginning. */
  static ofFew(): RowIndex {
    return new RowIndex(undefined)
  }

  /** The index in a file that the catalog names; undefined where it is damaged or absent. */
  static async read(disk: Disk, path: string, facts: FileFacts): Promise<RowIndex | undefined> {
    const set = await readColumns(disk, path, KIND, facts)
    return set && new RowIndex(set)
  }

  at(place: number): RowPlace {
    if (!this.#set) return BEGINNING
    const { columns } = this.#set
    const number = (name: string): number => columns[name]?.[place] ?? 0
    return {
      row: number('row'),
      request: number('request'),
      rowsAt: number('rowsAt'),
      factsAt: number('factsAt'),
      line: number('line'),
    }
  }
}
