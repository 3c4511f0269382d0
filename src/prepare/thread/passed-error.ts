import { type ErrorCode, LlmBatchError } from '../../model/error.ts'

/** An error on its way from one thread to another; copied as it is, it would lose its class and its members. */
export type PassedError =
  | {
      readonly is: 'known'
      readonly code: ErrorCode
      readonly message: string
      readonly next: string
      readonly cause?: PassedError
    }
  | { readonly is: 'other'; readonly error: unknown; readonly members: Readonly<Record<string, unknown>> }

/** Packs what was thrown. */
export function passError(thrown: unknown): PassedError {
  if (LlmBatchError.isInstance(thrown)) {
    const said = thrown.inWords((text) => text)
    const cause = thrown.cause === undefined ? {} : { cause: passError(thrown.cause) }
    return { is: 'known', code: thrown.code, ...said, ...cause }
  }
  if (!(thrown instanceof Error)) return { is: 'other', error: String(thrown), members: {} }
  // The code of a system error decides what the user is told.
  const members = Object.entries(thrown).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
  const error = new Error(thrown.message)
  Object.assign(error, { name: thrown.name, stack: thrown.stack })
  return { is: 'other', error, members: Object.fromEntries(members) }
}

/** What was thrown, to be thrown again. */
export function unpassError(passed: PassedError): unknown {
  if (passed.is === 'other') {
    return passed.error instanceof Error ? Object.assign(passed.error, passed.members) : passed.error
  }
  const { cause, code, message, next } = passed
  return new LlmBatchError(code, message, { next, ...(cause && { cause: unpassError(cause) }) })
}
