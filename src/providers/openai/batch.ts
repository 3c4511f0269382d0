import { z } from 'zod'
import type { RemoteStatus } from '../../model/attempt.ts'
import { resultRefs } from '../../model/result-ref.ts'
import { cleanOrNull, cleanText, findProblem } from '../error-text.ts'
import { instantOf } from '../instant.ts'
import { countsOf, looseListSchema, metadataSchema } from '../openai-shape/batch-fields.ts'
import { queueFullIn } from '../openai-shape/queue-words.ts'
import { optionalIdSchema, remoteIdSchema } from '../openai-shape/remote-file.ts'
import type { RemoteBatch, RemoteProblem } from '../provider.ts'

/** OpenAI's words for the state of a batch, from its API description. */
const STATUSES: ReadonlyMap<string, RemoteStatus> = new Map([
  ['validating', 'queued'],
  ['in_progress', 'in_progress'],
  ['finalizing', 'finalizing'],
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['expired', 'expired'],
  ['cancelling', 'cancelling'],
  ['cancelled', 'cancelled'],
])

/** Our word for theirs, letter case aside; undefined for a word that is not known. */
export function openAIStatus(word: string): RemoteStatus | undefined {
  return STATUSES.get(word.toLowerCase())
}

const problemSchema = z.looseObject({ line: z.number().int().positive().nullish().catch(null) })

const fieldsSchema = z.object({
  id: remoteIdSchema,
  status: z.string().nullish(),
  endpoint: z.string().nullish().catch(null),
  model: z.string().nullish().catch(null),
  input_file_id: z.string().nullish().catch(null),
  output_file_id: optionalIdSchema,
  error_file_id: optionalIdSchema,
  // Some servers give the whole file objects in place of their ids.
  output_file: optionalIdSchema.catch(null),
  error_file: optionalIdSchema.catch(null),
  metadata: metadataSchema,
  errors: z.unknown().optional(),
  request_counts: z.looseObject({}).nullish().catch(null),
  created_at: z.unknown().optional(),
  expires_at: z.unknown().optional(),
})

/** A batch object; some compatible servers wrap it in `job` when it is created. */
export function openAIBatchSchema(secrets: readonly string[]): z.ZodType<RemoteBatch> {
  return z.preprocess(unwrap, fieldsSchema).transform((batch): RemoteBatch => {
    const status = openAIStatus(batch.status ?? '')
    const counts = batch.request_counts
    return {
      id: batch.id,
      status: status ?? 'in_progress',
      rawStatus: cleanText(batch.status ?? '', secrets),
      isStatusUnknown: status === undefined,
      endpoint: batch.endpoint ?? null,
      model: batch.model ?? null,
      inputFileId: batch.input_file_id ?? null,
      metadata: batch.metadata,
      counts: countsOf(counts?.['total'], counts?.['completed'], counts?.['failed']),
      results: resultRefs({
        outputFileId: batch.output_file_id ?? batch.output_file,
        errorFileId: batch.error_file_id ?? batch.error_file,
      }),
      errors: problemsOf(batch.errors, secrets),
      createdAt: instantOf(batch.created_at),
      expiresAt: instantOf(batch.expires_at),
    }
  })
}

function unwrap(value: unknown): unknown {
  const wrapper = value as { readonly id?: unknown; readonly job?: unknown } | null
  return typeof wrapper === 'object' && wrapper !== null && wrapper.id === undefined && wrapper.job
    ? wrapper.job
    : value
}

/** Reasons for the whole batch: `{ data: [...] }` at OpenAI, a bare list or one text at others. */
function problemsOf(errors: unknown, secrets: readonly string[]): readonly RemoteProblem[] {
  const data = typeof errors === 'object' && errors !== null ? (errors as { readonly data?: unknown }).data : undefined
  return looseListSchema.parse(data ?? errors).flatMap((item) => {
    const problem = findProblem(item)
    if (problem === undefined) return []
    const { code } = problem
    return [
      {
        code: cleanOrNull(code, secrets),
        message: cleanText(problem.message, secrets),
        line: problemSchema.safeParse(item).data?.line ?? null,
        queueFull: queueFullIn(problem),
      },
    ]
  })
}
