import { z } from 'zod'
import type { RemoteStatus } from '../../model/attempt.ts'
import { resultRefs } from '../../model/result-ref.ts'
import { cleanOrNull, cleanText, findProblem } from '../error-text.ts'
import { instantOf } from '../instant.ts'
import { countsOf, looseListSchema, metadataSchema } from '../openai-shape/batch-fields.ts'
import { queueFullIn } from '../openai-shape/queue-words.ts'
import { optionalIdSchema, remoteIdSchema } from '../openai-shape/remote-file.ts'
import type { RemoteBatch, RemoteProblem } from '../provider.ts'

/** Mistral's words for the state of a job, from its API description. */
const STATUSES: ReadonlyMap<string, RemoteStatus> = new Map([
  ['QUEUED', 'queued'],
  ['RUNNING', 'in_progress'],
  ['SUCCESS', 'completed'],
  ['FAILED', 'failed'],
  ['TIMEOUT_EXCEEDED', 'expired'],
  ['CANCELLATION_REQUESTED', 'cancelling'],
  ['CANCELLED', 'cancelled'],
])

/** Our word for theirs, letter case aside; undefined for a word that is not known. */
export function mistralStatus(word: string): RemoteStatus | undefined {
  return STATUSES.get(word.toUpperCase())
}

const countSchema = z.looseObject({ count: z.number().int().positive().nullish().catch(null) })

const fieldsSchema = z.object({
  id: remoteIdSchema,
  status: z.string().nullish(),
  endpoint: z.string().nullish().catch(null),
  model: z.string().nullish().catch(null),
  input_files: z.array(z.string()).nullish().catch(null),
  output_file: optionalIdSchema,
  error_file: optionalIdSchema,
  metadata: metadataSchema,
  errors: looseListSchema,
  total_requests: z.unknown().optional(),
  succeeded_requests: z.unknown().optional(),
  failed_requests: z.unknown().optional(),
  created_at: z.unknown().optional(),
})

/** A job object. It never says when it ends: the window it was given is not repeated. */
export function mistralJobSchema(secrets: readonly string[]): z.ZodType<RemoteBatch> {
  return fieldsSchema.transform((job): RemoteBatch => {
    const status = mistralStatus(job.status ?? '')
    return {
      id: job.id,
      status: status ?? 'in_progress',
      rawStatus: cleanText(job.status ?? '', secrets),
      isStatusUnknown: status === undefined,
      endpoint: job.endpoint ?? null,
      model: job.model ?? null,
      inputFileId: job.input_files?.[0] ?? null,
      metadata: job.metadata,
      counts: countsOf(job.total_requests, job.succeeded_requests, job.failed_requests),
      results: resultRefs({ outputFileId: job.output_file, errorFileId: job.error_file }),
      errors: job.errors.flatMap((item) => problemOf(item, secrets)),
      createdAt: instantOf(job.created_at),
      expiresAt: null,
    }
  })
}

/** Mistral adds up equal errors and gives no line, so they tell of the job and never of a row. */
function problemOf(item: unknown, secrets: readonly string[]): readonly RemoteProblem[] {
  const problem = findProblem(item)
  if (problem === undefined) return []
  const count = countSchema.safeParse(item).data?.count ?? 1
  const message = cleanText(problem.message, secrets)
  return [
    {
      code: cleanOrNull(problem.code, secrets),
      message: count > 1 ? `${message} (${count} times)` : message,
      line: null,
      queueFull: queueFullIn(problem),
    },
  ]
}
