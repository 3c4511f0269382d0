import { z } from 'zod'
import { isTerminal, type RemoteStatus } from '../../model/attempt.ts'
import { cleanText } from '../error-text.ts'
import { markersIn } from '../gemini/display-name.ts'
import { instantOf } from '../instant.ts'
import { remoteIdSchema } from '../openai-shape/remote-file.ts'
import type { RemoteBatch } from '../provider.ts'

/** A count, which may be written as a text. */
const count = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.int().nonnegative())
const countOrZero = count.default(0)

/**
 * The counts of a batch. One of zero may be left out, but that nothing is pending is believed only where the others make up
 * for all; one that is something other than a number makes all of them unknown.
 */
const stateSchema = z
  .object({
    num_requests: countOrZero,
    num_pending: count.optional(),
    num_success: countOrZero,
    num_error: countOrZero,
    num_cancelled: countOrZero,
  })
  .transform(({ num_pending: pending, ...state }) => ({
    requests: state.num_requests,
    succeeded: state.num_success,
    failed: state.num_error,
    pending: pending ?? state.num_requests - state.num_success - state.num_error - state.num_cancelled,
  }))

type State = z.infer<typeof stateSchema>

const fieldsSchema = z.object({
  batch_id: remoteIdSchema,
  name: z.string().nullish().catch(null),
  input_file_id: remoteIdSchema.nullish().catch(null),
  create_time: z.unknown().optional(),
  expire_time: z.unknown().optional(),
  cancel_time: z.unknown().optional(),
  cancel_by_xai_message: z.string().nullish().catch(null),
  state: stateSchema.nullish().catch(null),
})

/**
 * A batch object. It has no word for its status, which its counts tell; whether it has expired depends on the time, see
 * `expiredBy`. `unnamed` are the markers of a batch that is shown without a name.
 */
export function xaiBatchSchema(
  secrets: readonly string[],
  unnamed: RemoteBatch['metadata'] = {},
): z.ZodType<RemoteBatch> {
  return fieldsSchema.transform((batch): RemoteBatch => {
    const { cancel_by_xai_message: words, state } = batch
    const isCancelled = instantOf(batch.cancel_time) !== null || Boolean(words)
    const status = state ? statusOf(state, { isCancelled, isCancelledByXai: Boolean(words) }) : undefined
    return ended({
      id: batch.batch_id,
      status: status ?? 'in_progress',
      rawStatus: status ?? 'without counts',
      isStatusUnknown: status === undefined,
      endpoint: null,
      model: null,
      inputFileId: batch.input_file_id ?? null,
      metadata: batch.name ? markersIn(batch.name) : unnamed,
      counts: state ? { total: state.requests, completed: state.succeeded, failed: state.failed } : null,
      results: [],
      errors: words ? [{ code: null, message: cleanText(words, secrets), line: null, queueFull: null }] : [],
      createdAt: instantOf(batch.create_time),
      expiresAt: instantOf(batch.expire_time),
    })
  })
}

interface Cancellation {
  readonly isCancelled: boolean
  readonly isCancelledByXai: boolean
}

/**
 * What the counts mean. While a request is pending nothing has ended, cancelled or not, because the counts of a cancelled
 * batch may still move from cancelled to success; and where no request was counted yet, none can be missed.
 */
function statusOf(state: State, { isCancelled, isCancelledByXai }: Cancellation): RemoteStatus {
  const answered = state.succeeded + state.failed
  if (state.pending > 0) return isCancelled ? 'cancelling' : 'in_progress'
  // A file that xAI finds malformed is cancelled by xAI itself, with the reason.
  if (isCancelledByXai && answered === 0) return 'failed'
  if (state.requests === 0) return isCancelled ? 'cancelling' : 'queued'
  return isCancelled && answered < state.requests ? 'cancelled' : 'completed'
}

/** The same batch as it is at this time of the provider's clock: one with requests left has expired when its time is up. */
export function expiredBy(batch: RemoteBatch, at: Date | null): RemoteBatch {
  const { expiresAt, status } = batch
  if (isTerminal(status) || at === null || expiresAt === null || at < expiresAt) return batch
  return ended({ ...batch, status: 'expired', rawStatus: 'expired', isStatusUnknown: false })
}

/** Results are read by the batch's own id, and only after its end: whether they are whole before is not known. */
function ended(batch: RemoteBatch): RemoteBatch {
  const hasResults = isTerminal(batch.status) && batch.status !== 'failed'
  return hasResults ? { ...batch, results: [{ id: batch.id, role: 'output' }] } : batch
}
