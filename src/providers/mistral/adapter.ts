import { z } from 'zod'
import { type Api, bearer, createApi } from '../api.ts'
import { encodeLines } from '../encode-lines.ts'
import { isCreatedSince, type Page, type PagePosition, readPages } from '../listing.ts'
import { callDirectly } from '../openai-shape/direct-call.ts'
import { downloadFile } from '../openai-shape/download.ts'
import { isMarked, storedId } from '../openai-shape/marks.ts'
import { cancelBatch, createBatch, getBatch } from '../openai-shape/remote-batch.ts'
import { discardFile, fileSchema, getFile, uploadFile } from '../openai-shape/remote-file.ts'
import { decodeResultLine } from '../openai-shape/result-line.ts'
import type { NewBatch, Provider, ProviderOptions, WireRequest } from '../provider.ts'
import { secretsOf } from '../secrets.ts'
import { mistralJobSchema } from './job.ts'
import { mistralLimits } from './limits.ts'

/** Mistral's batch API: a job names model and endpoint, its lines only ids and bodies. Facts: docs/providers/mistral.md. */
export function createMistralProvider(options: ProviderOptions): Provider {
  const api = createApi(options, bearer(options))
  const secrets = secretsOf(options)
  const place = { root: '/batch/jobs', schema: mistralJobSchema(secrets) }
  const bounds = options.mostListedBytes === undefined ? {} : { bytes: options.mostListedBytes }
  const files = fileSchema.transform(({ file }) => file)
  return {
    name: 'mistral',
    baseUrl: options.baseUrl,
    abilities: { recovery: 'marked' },
    limits: (target) => mistralLimits(target, options.maxLineBytes),
    encode: encodeLine,
    encodeInput: (input) => encodeLines(input, encodeLine),
    decode: (line, target) => decodeResultLine(line, target.endpoint, secrets),
    store: (input, signal) => uploadFile(api, input, options, signal),
    file: (id, signal) => getFile(api, id, signal),
    create: (batch, input, signal) => createBatch(api, place, creation(batch, storedId(input)), options, signal),
    isOurs: isMarked,
    list: async (since, signal) => {
      // Oldest first and from an instant on, so that new jobs do not move the pages while they are read.
      const query = { order_by: 'created', created_after: since.toISOString() }
      const { items, ...end } = await readPages(
        (position) => fetchPage(api, { path: place.root, query }, place.schema, position, signal),
        (job) => isCreatedSince(job, since),
        signal,
        bounds,
      )
      return { ...end, batches: items }
    },
    greet: (signal) => {
      const query = { page: '0', page_size: '1' }
      return api.readSized({ path: place.root, query }, z.object({ data: z.array(place.schema) }), signal)
    },
    listFiles: async (since, signal) => {
      const query = { purpose: 'batch', include_total: 'true' }
      const { items, ...end } = await readPages(
        (position) => fetchPage(api, { path: '/files', query }, files, position, signal),
        (file) => isCreatedSince(file, since),
        signal,
        bounds,
      )
      return { ...end, files: items }
    },
    get: (id, signal) => getBatch(api, place, id, signal),
    read: ({ id }, signal) => downloadFile(api, id, signal),
    cancel: (id, signal) => cancelBatch(api, place, id, signal),
    discard: (ref, signal) => discardFile(api, ref, signal),
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
  request: { readonly path: string; readonly query: Readonly<Record<string, string>> },
  item: z.ZodType<Item>,
  { page }: PagePosition,
  signal: AbortSignal,
): Promise<Page<Item>> {
  const schema = z.object({ data: z.array(item), total: z.number().int().nonnegative().nullish().catch(null) })
  const query = { ...request.query, page: String(page), page_size: '100' }
  const { bytes, value } = await api.readSized({ path: request.path, query }, schema, signal)
  return { items: value.data, total: value.total ?? undefined, bytes }
}
