import type { RowOutcome } from '../model/row.ts'

/** How one file format writes rows; made anew for every file, because it counts. */
export interface LineFormat {
  /** What the file begins with, line feed included; empty where there is no header. */
  readonly header: string
  /** The line of a row, line feed included. */
  line(row: RowOutcome): string
  /** Cells written so far that a spreadsheet would take for a formula. */
  readonly formulaCells: number
}
