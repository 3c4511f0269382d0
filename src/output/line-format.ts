import type { RowOutcome } from '../model/row.ts'

/** A file format that writes rows as text; made anew for every file, because it counts. */
export interface LineFormat<Row = RowOutcome> {
  /** What the file begins with, line feed included; empty where there is no header. */
  readonly header: string
  /** The text of a row, line feed included, or, where rows are separated, what separates it from the one before. */
  line(row: Row): string
  /** What the file ends with, line feed included. @default nothing */
  readonly footer?: string
  /** Cells written so far that a spreadsheet would take for a formula. */
  readonly formulaCells: number
}
