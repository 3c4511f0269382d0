import { isJsonObject, stringOf } from '../../lib/json.ts'
import { findProblem } from '../error-text.ts'

/** Codes of google.rpc.Status by number, and the HTTP statuses that they stand for (google/rpc/code.proto). */
const CODES: Readonly<Record<number, readonly [name: string, status: number]>> = {
  1: ['CANCELLED', 499],
  2: ['UNKNOWN', 500],
  3: ['INVALID_ARGUMENT', 400],
  4: ['DEADLINE_EXCEEDED', 504],
  5: ['NOT_FOUND', 404],
  6: ['ALREADY_EXISTS', 409],
  7: ['PERMISSION_DENIED', 403],
  8: ['RESOURCE_EXHAUSTED', 429],
  9: ['FAILED_PRECONDITION', 400],
  10: ['ABORTED', 409],
  11: ['OUT_OF_RANGE', 400],
  12: ['UNIMPLEMENTED', 501],
  13: ['INTERNAL', 500],
  14: ['UNAVAILABLE', 503],
  15: ['DATA_LOSS', 500],
  16: ['UNAUTHENTICATED', 401],
}

/** Problem of one row. */
export interface RowProblem {
  /** As an HTTP status; null where none is told. */
  readonly status: number | null
  readonly problem: { readonly code: string; readonly message: string } | null
}

/** What the error of a row says; its code is a number of google.rpc, or an HTTP status. */
export function rowProblem(error: unknown): RowProblem {
  const found = findProblem(error)
  if (!isJsonObject(error) || found === undefined) return { status: null, problem: null }
  const code = Number(error['code'])
  const [name, status] = CODES[code] ?? [undefined, code >= 400 ? code : null]
  const word = stringOf(error['status']) ?? name ?? found.code ?? 'UNKNOWN'
  // A batch that was cancelled ends its rows so; nothing of them was executed.
  const ours = word === 'CANCELLED' ? 'batch_cancelled' : word
  return { status, problem: { code: ours, message: found.message } }
}
