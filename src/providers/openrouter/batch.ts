import { z } from 'zod'
import type { RemoteStatus } from '../../model/attempt.ts'
import { cleanText, findProblem } from '../error-text.ts'
import { instantOf } from '../instant.ts'
import { openAIStatus } from '../openai/batch.ts'
import { countsOf } from '../openai-shape/batch-fields.ts'
import { remoteIdSchema } from '../openai-shape/remote-file.ts'
import type { RemoteBatch } from '../provider.ts'

/** Statuses after which a batch has answers; a refused one has a reason. */
const WITH_RESULTS: readonly RemoteStatus[] = ['completed', 'expired', 'cancelled']

const fieldsSchema = z.object({
  id: remoteIdSchema,
  status: z.string().nullish(),
  endpoint: z.string().nullish().catch(null),
  model: z.string().nullish().catch(null),
  request_counts: z.looseObject({}).nullish().catch(null),
  error: z.unknown().optional(),
  created_at: z.unknown().optional(),
})

/** A batch object. It shows nothing of ours but how many requests it has; its answers are read by its own id. */
export function openRouterBatchSchema(secrets: readonly string[]): z.ZodType<RemoteBatch> {
  return fieldsSchema.transform((batch): RemoteBatch => {
    const status = openAIStatus(batch.status ?? '')
    const counts = batch.request_counts
    const problem = findProblem(batch.error)
    return {
      id: batch.id,
      status: status ?? 'in_progress',
      rawStatus: cleanText(batch.status ?? '', secrets),
      isStatusUnknown: status === undefined,
      endpoint: batch.endpoint ?? null,
      model: batch.model ?? null,
      inputFileId: null,
      metadata: {},
      counts: countedIn(countsOf(counts?.['total'], counts?.['completed'], counts?.['failed'])),
      results: status !== undefined && WITH_RESULTS.includes(status) ? [{ id: batch.id, role: 'output' }] : [],
      errors:
        problem === undefined
          ? []
          : [{ code: problem.code, message: cleanText(problem.message, secrets), line: null, queueFull: null }],
      createdAt: instantOf(batch.created_at),
      expiresAt: null,
    }
  })
}

/** Before its requests are checked a batch may count none, which is not how many it has. */
function countedIn(counts: RemoteBatch['counts']): RemoteBatch['counts'] {
  return counts?.total === 0 ? null : counts
}
