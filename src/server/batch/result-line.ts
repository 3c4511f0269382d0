import { digestOf, uuidFrom } from '../state/identifier.ts'
import type { BatchRecord } from '../state/record.ts'

/** Content of a result line: an HTTP answer, or why the request was never executed. */
export type Reported =
  | { readonly status: number; readonly body: object }
  | { readonly code: 'batch_expired' | 'batch_cancelled' }

const NEVER_EXECUTED = {
  batch_expired: 'This request could not be executed before the completion window expired.',
  batch_cancelled: 'This request was not executed because the batch was cancelled.',
} as const

/** One line of a result file, without its line feed. `position` is the 1-based place of the request in the batch. */
export function resultLine(batch: BatchRecord, position: number, customId: unknown, reported: Reported): string {
  const digest = digestOf(batch.id, position)
  const id = batch.dialect === 'openai' ? `batch_req_${digest.slice(0, 32)}` : mistralId(digest, position)
  const custom_id = customId ?? null
  if ('code' in reported) {
    const error = { code: reported.code, message: NEVER_EXECUTED[reported.code] }
    return JSON.stringify({ id, custom_id, response: null, error })
  }
  const answer = { status_code: reported.status, body: reported.body }
  const response = batch.dialect === 'openai' ? { ...answer, request_id: requestId(digest) } : answer
  return JSON.stringify({ id, custom_id, response, error: null })
}

function requestId(digest: string): string {
  return digest.slice(32)
}

/** `batch-<8 hexadecimal digits>-<position>-<uuid>`, as in the samples of Mistral's guide. */
function mistralId(digest: string, position: number): string {
  return `batch-${digest.slice(0, 8)}-${position}-${uuidFrom(digest.slice(32))}`
}
