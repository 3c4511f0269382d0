import type { Problem, ProblemCode } from '../model/problem.ts'
import type { Row } from '../model/row.ts'
import type { Target } from '../model/target.ts'

/** A row as it will be sent. */
export interface BuiltRequest {
  /** The user's own id, or null where none was given. */
  readonly id: string | null
  /** The same object for all requests of one target. */
  readonly target: Target
  /** The request body as JSON text. */
  readonly body: string
  /** The most tokens its answers may have; null where nothing limits them. */
  readonly mostOutputTokens: number | null
  /** True where the prompt has placeholders and all of them are empty in this row. */
  readonly emptyPlaceholders: boolean
}

/** Result of a row: a request, or what is wrong with it (with the row's id, where that could be read). */
export type BuildResult =
  | { readonly request: BuiltRequest }
  | { readonly id: string | null; readonly problems: readonly Problem[] }

/** One problem of this row. */
export function problemOf(row: Row, code: ProblemCode, detail: string): Problem {
  return { code, line: row.line, detail }
}
