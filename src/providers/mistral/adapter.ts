import { z } from 'zod'
import { type Api, bearer, createApi } from '../api.ts'
import { encodeLines } from '../encode-lines.ts'
import { instantOf } from '../instant.ts'
import type { Page, PagePosition } from '../listing.ts'
import { NOTHING_TOLD, readModel } from '../models/model-note.ts'
import { callDirectly } from '../openai-shape/direct-call.ts'
import { repliesWith } from '../openai-shape/result-line.ts'
import { type ListRequest, sharedVerbs } from '../openai-shape/shared-verbs.ts'
import type { NewBatch, Provider, ProviderOptions, WireRequest } from '../provider.ts'
import { path } from '../remote-id.ts'
import { secretsOf } from '../secrets.ts'
import { mistralJobSchema } from './job.ts'
import { mistralLimits } from './limits.ts'

/** Errors have no object around them (the official SDK, 2.7.0, and the error's own `object`). */
const MISTRAL_REPLIES = repliesWith(({ code, message }) =>
  JSON.stringify({ object: 'error', message, type: 'invalid_request_error', param: null, code }),
)

/** Mistral's batch API: a job names model and endpoint, its lines only ids and bodies. Facts: docs/providers/mistral.md. */
export function createMistralProvider(options: ProviderOptions): Provider {
  const api = createApi(options, bearer(options))
  const place = { root: '/batch/jobs', schema: mistralJobSchema(secretsOf(options)) }
  return {
    name: 'mistral',
    ...sharedVerbs({
      api,
      options,
      place,
      creation,
      fetchPage,
      // Oldest first and from an instant on, so that new jobs do not move the pages while they are read.
      batchQuery: (since) => ({ order_by: 'created', created_after: since.toISOString() }),
      fileQuery: { purpose: 'batch', include_total: 'true' },
      greetQuery: { page: '0', page_size: '1' },
    }),
    synchronous: () => MISTRAL_REPLIES,
    limits: (target) => mistralLimits(target, options.maxLineBytes),
    encode: encodeLine,
    encodeInput: async (input) => encodeLines(input, encodeLine),
    // One card by its name, which may be an alias such as `mistral-small-latest`.
    describeModel: async ({ model }, signal) => {
      const { deprecation } = await readModel(api, path`/models/${model}`, signal)
      return { ...NOTHING_TOLD, endsAt: instantOf(deprecation) }
    },
    direct: (request, signal) => callDirectly(api, withModel(request), options, signal),
  }
}

function encodeLine({ body, wireId }: WireRequest): string {
  return `{"custom_id":${JSON.stringify(wireId)},"body":${body}}`
}

function creation(batch: NewBatch, inputFileId: string): unknown {
  return {
    input_files: [inputFileId],
    endpoint: batch.target.endpoint,
    model: batch.target.model,
    metadata: batch.metadata,
    ...(batch.windowHours === null ? {} : { timeout_hours: batch.windowHours }),
  }
}

/** In a batch the job names the model; a synchronous call has no job, so its body must. */
function withModel(request: WireRequest): WireRequest {
  const body: unknown = JSON.parse(request.body)
  if (typeof body !== 'object' || body === null || Object.hasOwn(body, 'model')) return request
  return { ...request, body: JSON.stringify({ model: request.target.model, ...body }) }
}

/** One page by number. `total` is what tells the end. */
async function fetchPage<Item>(
  api: Api,
  request: ListRequest,
  item: z.ZodType<Item>,
  { page }: PagePosition,
  signal: AbortSignal,
): Promise<Page<Item>> {
  const schema = z.object({ data: z.array(item), total: z.number().int().nonnegative().nullish().catch(null) })
  const query = { ...request.query, page: String(page), page_size: '100' }
  const { bytes, value } = await api.readSized({ path: request.path, query }, schema, signal)
  return { items: value.data, total: value.total ?? undefined, bytes }
}
