import type { JsonObject } from '../../lib/json.ts'
import { NEVER_EXECUTED } from '../batch/never-executed.ts'
import { resultsOf } from '../http/inline.ts'
import type { BatchRecord } from '../state/record.ts'
import type { State } from '../state/state.ts'
import { NEVER } from './entry-of.ts'

/**
 * The results of an ended batch in the order of their ids. Requests that a cancellation or the end of the window has left
 * over are not among them; one that alone was too late is an error.
 */
export async function entriesOf(state: State, batch: BatchRecord): Promise<readonly JsonObject[]> {
  const shown = (await resultsOf(state, batch)).flatMap(({ [NEVER]: never, ...entry }) => {
    if (never === undefined) return [entry]
    const isLeftOver = never === 'batch_cancelled' || batch.phase === 'expired'
    return isLeftOver ? [] : [{ ...entry, error: NEVER_EXECUTED.batch_expired }]
  })
  return shown.toSorted((one, other) =>
    String(one['batch_request_id']).localeCompare(String(other['batch_request_id'])),
  )
}
