import { DuplicateIds } from '../lib/packed/duplicate-ids.ts'
import type { Problem } from '../model/problem.ts'
import type { Row } from '../model/row.ts'
import { FileList } from '../workspace/file-list.ts'

/**
 * Finds ids that occur twice, over all files of the input. Of one file the earlier line is told; of several the row,
 * counted in its file, because lines of ten million rows would need memory that their numbers do not.
 */
export class SeenIds {
  readonly #ids = new DuplicateIds()
  readonly #files = new FileList()
  #rows = 0

  /** Remembers the row's id, or tells that an earlier row has it. Is to be called for every row, with or without an id. */
  check(id: string | null, { file, line }: Row): Problem | undefined {
    this.#files.add(file ?? null, this.#rows)
    this.#rows += 1
    if (id === null) return undefined
    const earlier = this.#ids.check(id, file === undefined ? line : this.#rows)
    if (earlier === undefined) return undefined
    const place = file === undefined ? `on line ${earlier}` : this.#placeOf(earlier)
    return { code: 'duplicate_id', line, detail: `the id "${id}" is also ${place}` }
  }

  #placeOf(row: number): string {
    const file = this.#files.fileOf(row - 1)
    return file === null ? `in row ${row}` : `in row ${row - file.firstRow} of ${file.path}`
  }
}
