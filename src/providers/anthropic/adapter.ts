import { z } from 'zod'
import { type Api, createApi } from '../api.ts'
import { encodeMeasured } from '../encode-lines.ts'
import { isCreatedSince, type Page, type PagePosition, readPages } from '../listing.ts'
import { NOTHING_TOLD, readModel } from '../models/model-note.ts'
import { downloadLines } from '../openai-shape/download.ts'
import { cancelBatch, getBatch } from '../openai-shape/remote-batch.ts'
import type { Provider, ProviderOptions, RemoteBatch } from '../provider.ts'
import { path } from '../remote-id.ts'
import { secretsOf } from '../secrets.ts'
import { messageBatchSchema } from './batch.ts'
import { createMessageBatch } from './create.ts'
import { callDirectly } from './direct-call.ts'
import { anthropicLimits, MESSAGES_ENDPOINT } from './limits.ts'
import { encodeRequest } from './request.ts'
import { decodeLine, MESSAGE_REPLIES } from './result-line.ts'

/** The version of the API that requests are written for. The next one takes no sampling parameters at all. */
const VERSION = '2023-06-01'

const ROOT = '/messages/batches'

/** The longest page that is given. */
const PAGE_SIZE = '1000'

/**
 * Anthropic's Message Batches: a create carries its requests, a batch carries nothing of ours, and its results come as one
 * stream. Facts: docs/providers/anthropic.md.
 */
export function createAnthropicProvider(options: ProviderOptions): Provider {
  const root = { ...options, baseUrl: versioned(options.baseUrl) }
  const api = createApi(root, { 'x-api-key': options.apiKey, 'anthropic-version': VERSION })
  const secrets = secretsOf(options)
  const place = { root: ROOT, schema: messageBatchSchema(secrets) }
  const bounds = options.mostListedBytes === undefined ? {} : { bytes: options.mostListedBytes }
  return {
    name: 'anthropic',
    baseUrl: options.baseUrl,
    abilities: { recovery: 'counted' },
    limits: (target) => anthropicLimits(target, options.maxLineBytes),
    encode: encodeRequest,
    encodeInput: (input) => encodeMeasured(input, encodeRequest),
    decode: (line, target) => decodeLine(line, target.endpoint, secrets),
    create: (_batch, input, signal) => createMessageBatch(api, place, input, options, signal),
    // A batch carries nothing of ours, and likeness proves nothing.
    isOurs: () => false,
    list: async (since, signal) => {
      const { items, ...end } = await readPages(
        (position) => fetchPage(api, place.schema, position, signal),
        (batch) => isCreatedSince(batch, since),
        signal,
        bounds,
      )
      return { ...end, batches: items }
    },
    greet: (signal) => api.readSized({ path: ROOT, query: { limit: '1' } }, pageSchema(place.schema), signal),
    get: (id, signal) => getBatch(api, place, id, signal),
    read: ({ id }, signal) => downloadLines(api, () => ({ path: ROOT + path`/${id}/results` }), signal),
    cancel: (id, signal) => cancelBatch(api, place, id, signal),
    describeModel: async ({ model }, signal) => {
      const capabilities = CAPABILITIES.safeParse(await readModel(api, path`/models/${model}`, signal))
      return capabilities.success
        ? { ...NOTHING_TOLD, canBatch: capabilities.data.capabilities.batch.supported }
        : NOTHING_TOLD
    },
    direct: (request, signal) => callDirectly(api, request, options, signal),
    // The answer to a chat request is a message too, which is not what a program expects that asks so.
    synchronous: (endpoint) => (endpoint === MESSAGES_ENDPOINT ? MESSAGE_REPLIES : undefined),
    pass: (request, signal) => api.pass(request, signal),
  }
}

/** Part of a model that tells whether batches take it. */
const CAPABILITIES = z.object({ capabilities: z.object({ batch: z.object({ supported: z.boolean() }) }) })

/** The official SDK wants its base URL without the version, and users have it so in their environment. */
function versioned(baseUrl: string): string {
  return baseUrl.endsWith('/v1') ? baseUrl : `${baseUrl}/v1`
}

function pageSchema(item: z.ZodType<RemoteBatch>) {
  return z.object({ data: z.array(item), has_more: z.boolean().nullish().catch(null) })
}

async function fetchPage(
  api: Api,
  item: z.ZodType<RemoteBatch>,
  { after }: PagePosition,
  signal: AbortSignal,
): Promise<Page<RemoteBatch>> {
  const query = { limit: PAGE_SIZE, ...(after === null ? {} : { after_id: after }) }
  const { bytes, value } = await api.readSized({ path: ROOT, query }, pageSchema(item), signal)
  return { items: value.data, hasMore: value.has_more ?? undefined, bytes }
}
