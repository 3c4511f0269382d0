import type { RowOutcome } from '../model/row.ts'

/** Writer of one file, whatever its format; made anew for every file. */
export interface RowWriter<Row = RowOutcome> {
  /** Takes the next rows, in input order; resolves when there is room for more. */
  add(rows: readonly Row[]): Promise<void>
  /** Writes what is left. Nothing may be added afterwards. */
  finish(): Promise<void>
  /** Cells written so far that a spreadsheet would take for a formula. */
  readonly formulaCells: number
}

/** Receiver of the bytes of a file. */
export interface ByteSink {
  /**
   * Takes the text where it can do so at once, else does nothing and gives false: then the text is for `writeText`. Waiting
   * for a promise a line costs more than the line.
   */
  tryText(text: string): boolean
  writeText(text: string): Promise<unknown>
  /** The bytes are no longer needed when the promise is resolved. */
  writeBytes(bytes: Uint8Array): Promise<void>
}
