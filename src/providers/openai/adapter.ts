import { z } from 'zod'
import { type Api, bearer, createApi } from '../api.ts'
import { isCreatedSince, type Page, type PagePosition, readPages } from '../listing.ts'
import { callDirectly } from '../openai-shape/direct-call.ts'
import { downloadFile } from '../openai-shape/download.ts'
import { isMarked, storedId } from '../openai-shape/marks.ts'
import { cancelBatch, createBatch, getBatch } from '../openai-shape/remote-batch.ts'
import { discardFile, fileSchema, getFile, uploadFile } from '../openai-shape/remote-file.ts'
import { decodeResultLine } from '../openai-shape/result-line.ts'
import type { NewBatch, Provider, ProviderOptions } from '../provider.ts'
import { secretsOf } from '../secrets.ts'
import { openAIBatchSchema } from './batch.ts'
import { openAILimits } from './limits.ts'

/** Options of OpenAI's adapter besides the common options. */
export interface OpenAIOptions extends ProviderOptions {
  /** Sent as `OpenAI-Organization`; chooses which batches exist. */
  readonly organization?: string | undefined
  /** Sent as `OpenAI-Project`; chooses which batches exist. */
  readonly project?: string | undefined
}

/** OpenAI's batch API, and any server that speaks it under another base URL. Facts: docs/providers/openai.md. */
export function createOpenAIProvider(options: OpenAIOptions): Provider {
  const api = createApi(options, { ...bearer(options), ...scopeHeaders(options) })
  const secrets = secretsOf(options)
  const place = { root: '/batches', schema: openAIBatchSchema(secrets) }
  const bounds = options.mostListedBytes === undefined ? {} : { bytes: options.mostListedBytes }
  const files = fileSchema.transform(({ file }) => file)
  return {
    name: 'openai',
    baseUrl: options.baseUrl,
    abilities: { recovery: 'marked' },
    limits: (target) => openAILimits(target, options.maxLineBytes),
    encode: ({ body, target, wireId }) =>
      `{"custom_id":${JSON.stringify(wireId)},"method":"POST","url":${JSON.stringify(target.endpoint)},"body":${body}}`,
    // Frozen lines are lines of this API.
    encodeInput: (input) => input,
    decode: (line, target) => decodeResultLine(line, target.endpoint, secrets),
    store: (input, signal) => uploadFile(api, input, options, signal),
    file: (id, signal) => getFile(api, id, signal),
    create: (batch, input, signal) => createBatch(api, place, creation(batch, storedId(input)), options, signal),
    isOurs: isMarked,
    list: async (since, signal) => {
      const { items, ...end } = await readPages(
        (position) => fetchPage(api, { path: place.root, query: { limit: '100' } }, place.schema, position, signal),
        (batch) => isCreatedSince(batch, since),
        signal,
        bounds,
      )
      return { ...end, batches: items }
    },
    greet: (signal) =>
      api.readSized({ path: place.root, query: { limit: '1' } }, z.object({ data: z.array(place.schema) }), signal),
    listFiles: async (since, signal) => {
      const query = { purpose: 'batch', limit: '1000' }
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
    direct: (request, signal) => callDirectly(api, request, options, signal),
  }
}

function scopeHeaders({ organization, project }: OpenAIOptions): Record<string, string> {
  return {
    ...(organization === undefined ? {} : { 'openai-organization': organization }),
    ...(project === undefined ? {} : { 'openai-project': project }),
  }
}

function creation(batch: NewBatch, inputFileId: string): unknown {
  return {
    input_file_id: inputFileId,
    endpoint: batch.target.endpoint,
    // The only window that the API offers.
    completion_window: '24h',
    metadata: batch.metadata,
  }
}

/** One page by cursor. A missing `has_more` is passed on as such: it does not mean that nothing follows. */
async function fetchPage<Item>(
  api: Api,
  request: { readonly path: string; readonly query: Readonly<Record<string, string>> },
  item: z.ZodType<Item>,
  { after }: PagePosition,
  signal: AbortSignal,
): Promise<Page<Item>> {
  const schema = z.object({ data: z.array(item), has_more: z.boolean().nullish() })
  const query = after === null ? request.query : { ...request.query, after }
  const { bytes, value } = await api.readSized({ path: request.path, query }, schema, signal)
  return { items: value.data, hasMore: value.has_more ?? undefined, bytes }
}
