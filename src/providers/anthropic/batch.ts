import { z } from 'zod'
import { cleanText } from '../error-text.ts'
import { instantOf } from '../instant.ts'
import { remoteIdSchema } from '../openai-shape/remote-file.ts'
import type { RemoteBatch } from '../provider.ts'

const count = z.int().nonnegative()

const countsSchema = z.object({ processing: count, succeeded: count, errored: count, canceled: count, expired: count })

type Counts = z.infer<typeof countsSchema>

const fieldsSchema = z.object({
  id: remoteIdSchema,
  // Something else with an id, taken for our batch, could never be asked for.
  type: z.literal('message_batch'),
  processing_status: z.string().nullish().catch(null),
  request_counts: countsSchema.nullish().catch(null),
  created_at: z.unknown().optional(),
  expires_at: z.unknown().optional(),
})

/** A message batch. It carries nothing of ours, and its results are known by its own id. */
export function messageBatchSchema(secrets: readonly string[]): z.ZodType<RemoteBatch> {
  return fieldsSchema.transform((batch): RemoteBatch => {
    const word = batch.processing_status ?? ''
    const status = statusOf(word, batch.request_counts)
    return {
      id: batch.id,
      status: status ?? 'in_progress',
      rawStatus: cleanText(word, secrets),
      isStatusUnknown: status === undefined,
      endpoint: null,
      model: null,
      inputFileId: null,
      metadata: {},
      counts: totalsOf(batch.request_counts),
      results: word === 'ended' ? [{ id: batch.id, role: 'output' }] : [],
      errors: [],
      createdAt: instantOf(batch.created_at),
      expiresAt: instantOf(batch.expires_at),
    }
  })
}

/** There is no word for a failed batch: one of bad requests ends like any other, and its results tell. */
function statusOf(word: string, counts: Counts | null | undefined): RemoteBatch['status'] | undefined {
  if (word === 'in_progress') return 'in_progress'
  if (word === 'canceling') return 'cancelling'
  if (word !== 'ended') return undefined
  if ((counts?.canceled ?? 0) > 0) return 'cancelled'
  return (counts?.expired ?? 0) > 0 ? 'expired' : 'completed'
}

/** The sum is that of all requests from the beginning. */
function totalsOf(counts: Counts | null | undefined): RemoteBatch['counts'] {
  if (!counts) return null
  const { canceled, errored, expired, processing, succeeded } = counts
  return { total: processing + succeeded + errored + canceled + expired, completed: succeeded, failed: errored }
}
