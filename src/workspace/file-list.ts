import type { InputFile } from '../model/column.ts'

/** The files of an input with several, gathered from rows that come in their order. */
export class FileList {
  readonly #files: InputFile[] = []

  /** `path` is null where the input is no more than one file. */
  add(path: string | null, ordinal: number): void {
    if (path !== null && this.#files.at(-1)?.path !== path) this.#files.push({ path, firstRow: ordinal })
  }

  all(): readonly InputFile[] {
    return this.#files
  }

  fileOf(ordinal: number): InputFile | null {
    return findFile(this.#files, ordinal)
  }
}

/** The file in which a row stands, or null where the input is no more than one. */
export function findFile(files: readonly InputFile[], ordinal: number): InputFile | null {
  return files.findLast(({ firstRow }) => firstRow <= ordinal) ?? null
}
