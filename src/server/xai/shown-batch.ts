import type { JsonObject } from '../../lib/json.ts'
import { type BatchRecord, isFinal } from '../state/record.ts'
import type { State } from '../state/state.ts'

/** The marker under which a batch's name is kept. */
export const NAME_KEY = 'name'

/** The batch as xAI shows it: counts, and instants that say whether it was cancelled or is over. */
export function shownBatch(state: State, batch: BatchRecord): JsonObject {
  const { cancelled, cancelling, expired, failed } = batch.enteredAtMs
  return {
    batch_id: batch.id,
    name: batch.metadata?.[NAME_KEY] ?? '',
    create_time: new Date(batch.createdAtMs).toISOString(),
    expire_time: new Date(expired ?? batch.expiresAtMs).toISOString(),
    create_api_key_id: 'simulated',
    cancel_time: instant(cancelling ?? cancelled ?? failed),
    cancel_by_xai_message: reasonOf(batch),
    cost_breakdown: { total_cost_usd_ticks: 0 },
    input_file_id: batch.inputFileIds[0],
    state: countsOf(state, batch),
  }
}

function instant(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString()
}

/** A file that cannot be used is cancelled by xAI itself. */
function reasonOf({ phase, problems: [first] }: BatchRecord): string | null {
  if (phase !== 'failed' || first === undefined) return null
  return first.line === null ? first.message : `Line ${first.line} of the input file: ${first.message}`
}

interface Counts {
  readonly success: number
  readonly error: number
  readonly cancelled: number
}

function countsOf(state: State, batch: BatchRecord): JsonObject {
  const requests = batch.phase === 'validating' ? 0 : linesOf(state, batch)
  const { cancelled, error, success } = settledOf(batch, requests)
  return {
    num_requests: requests,
    num_pending: requests - success - error - cancelled,
    num_success: success,
    num_error: error,
    num_cancelled: cancelled,
  }
}

/**
 * While a batch is being cancelled all but one of its requests count as cancelled, also those that turn out to be answered:
 * counts of xAI move back so. What an expired batch has left over stays pending.
 */
function settledOf({ failed, isExecuted, phase, succeeded }: BatchRecord, requests: number): Counts {
  const left = requests - succeeded - failed
  if (phase === 'failed') return { success: 0, error: 0, cancelled: requests }
  if (phase === 'cancelling') return { success: 0, error: 0, cancelled: Math.max(0, requests - 1) }
  if (phase === 'cancelled') return { success: succeeded, error: failed, cancelled: left }
  const isOver = isExecuted && phase !== 'expired' && (isFinal(phase) || phase === 'finalizing')
  return { success: succeeded, error: isOver ? requests - succeeded : failed, cancelled: 0 }
}

/** The requests of a batch, which a refused one has not counted. */
function linesOf(state: State, { inputFileIds: [id = ''], total }: BatchRecord): number {
  return total > 0 ? total : (state.files.get(id)?.lines ?? 0)
}
