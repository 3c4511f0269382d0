import { tokenLimitExceeded } from '../batch/queue.ts'
import { invalidRequest } from '../http/error-answer.ts'
import type { Simulator } from '../simulator.ts'
import { type FileRecord, isFinal } from '../state/record.ts'

/** Bytes of a token, roughly: what a host counts before it has read the file. */
const BYTES_PER_TOKEN = 4

/** Looks after which a file is ready at a host that takes its time. */
export const LOOKS_UNTIL_READY = 2

/** The refusals of hosts that look at file and queue before they make a batch; undefined where there is none. */
export function refusedEarly(simulator: Simulator, file: FileRecord): Response | undefined {
  const { are, looks } = simulator.host
  if (are.has('slow-files') && (looks.get(file.id) ?? 0) < LOOKS_UNTIL_READY) {
    return invalidRequest(`The file ${file.id} is not processed yet.`, 'invalid_value', 'input_file_id')
  }
  const limit = simulator.overrides.queueTokens
  if (!are.has('quota-at-create') || limit === undefined) return undefined
  const open = [...simulator.state.batches.values()].filter(({ phase }) => !isFinal(phase))
  const queued = open.reduce((sum, { queuedTokens }) => sum + queuedTokens, 0)
  if (open.length === 0 || queued + file.bytes / BYTES_PER_TOKEN <= limit) return undefined
  const { code, message } = tokenLimitExceeded('the deployment', limit)
  return invalidRequest(message, code, null)
}
