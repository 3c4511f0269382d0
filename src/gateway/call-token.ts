import { isRunId } from '../model/ids.ts'

/** Place of a call: the run it belongs to, and its row there. */
export interface CallPlace {
  readonly runId: string
  readonly callId: string
}

/** What the ids of calls begin with, which are the ids of rows. */
const ROW = 'call-'

/** The part of a row's id behind that: a digest of 32 bytes in base64url. */
const DIGEST = /^[\w-]{43}$/

/**
 * One word for a call, which can stand in a URL. It names run and row, so that it is understood after a restart without a
 * table of what was given out.
 */
export function callToken({ callId, runId }: CallPlace): string {
  return `${runId}_${callId.slice(ROW.length)}`
}

/** The call that a word stands for; undefined for any other text. */
export function placeOf(token: string): CallPlace | undefined {
  const at = token.indexOf('_')
  const [runId, digest] = [token.slice(0, Math.max(at, 0)), token.slice(at + 1)]
  return isRunId(runId) && DIGEST.test(digest) ? { runId, callId: ROW + digest } : undefined
}
