import type { Problem } from '../../model/problem.ts'
import type { Row } from '../../model/row.ts'

/** The messages of a row as JSON text, or what is wrong with them. */
export type RowMessages =
  | { readonly json: string; readonly isEmpty: boolean }
  | { readonly problems: readonly Problem[] }

/** Makes messages of a row; asynchronous only where the user's prompt function is, or where there are images to read. */
export type MessagesOf = (row: Row) => RowMessages | Promise<RowMessages>
