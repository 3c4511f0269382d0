import { z } from 'zod'
import { type Api, type ApiRequest, bearer, createApi } from '../api.ts'
import type { Page, PagePosition } from '../listing.ts'
import { openAIBatchSchema } from '../openai/batch.ts'
import { callDirectly } from '../openai-shape/direct-call.ts'
import { type ListRequest, sharedVerbs } from '../openai-shape/shared-verbs.ts'
import type { NewBatch, Provider, ProviderOptions, RemoteBatch } from '../provider.ts'
import type { Environment } from '../provider-entry.ts'
import { secretsOf } from '../secrets.ts'
import { apiAt, deploymentPath, rootAt } from './address.ts'
import { azureLimits } from './limits.ts'
import { untilProcessed } from './processed.ts'

/** Options of Azure's adapter besides the common options. */
export interface AzureOptions extends ProviderOptions {
  /** A dated version of the API, such as `2025-04-01-preview`. @default the v1 API, which has none */
  readonly apiVersion?: string | undefined
}

/** The batch API of Azure OpenAI: OpenAI's with deviations of its own. Facts: docs/providers/azure.md. */
export function createAzureProvider(options: AzureOptions): Provider {
  const { apiVersion } = options
  const api = apiAt(
    createApi({ ...options, baseUrl: rootAt(options.baseUrl, apiVersion) }, keyHeader(options)),
    apiVersion,
  )
  const place = { root: '/batches', schema: azureBatchSchema(secretsOf(options)) }
  const verbs = sharedVerbs({
    api,
    options,
    place,
    creation,
    fetchPage,
    batchQuery: () => ({ limit: '100' }),
    fileQuery: { purpose: 'batch' },
    greetQuery: { limit: '1' },
  })
  return {
    name: 'azure',
    ...verbs,
    store: async (input, signal) => untilProcessed(api, await verbs.store(input, signal), options, signal),
    greet: (signal) => api.readSized({ path: place.root, query: { limit: '1' } }, pageSchema(place.schema), signal),
    limits: (target) => azureLimits(target, options.maxLineBytes),
    encode: ({ body, target, wireId }) =>
      `{"custom_id":${JSON.stringify(wireId)},"method":"POST","url":${JSON.stringify(target.endpoint)},"body":${body}}`,
    // Frozen lines are lines of this API.
    encodeInput: async (input) => input,
    direct: (request, signal) => {
      const at = apiVersion === undefined ? api : below(api, deploymentPath(request.target.model))
      return callDirectly(at, request, options, signal)
    },
  }
}

/** The same, with the version of the API that the environment names, as Azure's own SDK reads it. */
export function createVersionedAzure(options: ProviderOptions, environment: Environment): Provider {
  const version = environment['OPENAI_API_VERSION']?.trim()
  return createAzureProvider({ ...options, apiVersion: version === 'v1' ? undefined : version || undefined })
}

/** A token of Entra, which is a JSON web token, is a bearer token; a key of the resource has a header of its own. */
function keyHeader(options: ProviderOptions): Readonly<Record<string, string>> {
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(options.apiKey) ? bearer(options) : { 'api-key': options.apiKey }
}

function creation(batch: NewBatch, inputFileId: string): unknown {
  return {
    input_file_id: inputFileId,
    // Lines name endpoints with their version, the create without.
    endpoint: batch.target.endpoint.replace(/^\/v1(?=\/)/, ''),
    // Another window makes the batch fail.
    completion_window: '24h',
    metadata: batch.metadata,
  }
}

/** The batch, its endpoint as on the lines; the service may show it without version, or not at all. */
function azureBatchSchema(secrets: readonly string[]): z.ZodType<RemoteBatch> {
  return openAIBatchSchema(secrets).transform((batch) => {
    const { endpoint } = batch
    return { ...batch, endpoint: endpoint === null || endpoint.startsWith('/v1/') ? endpoint : `/v1${endpoint}` }
  })
}

/** A page, whose entries stand in `value` in places. */
function pageSchema<Item>(item: z.ZodType<Item>) {
  const list = z.array(item)
  return z
    .object({ data: list.optional(), value: list.optional(), has_more: z.boolean().nullish() })
    .transform(({ data, value, ...page }) => ({ ...page, items: data ?? value }))
    .refine(({ items }) => items !== undefined, 'is not a page')
}

async function fetchPage<Item>(
  api: Api,
  request: ListRequest,
  item: z.ZodType<Item>,
  { after }: PagePosition,
  signal: AbortSignal,
): Promise<Page<Item>> {
  const query = after === null ? request.query : { ...request.query, after }
  const { bytes, value } = await api.readSized({ path: request.path, query }, pageSchema(item), signal)
  return { items: value.items ?? [], hasMore: value.has_more ?? undefined, bytes }
}

/** The same API with its single calls below a path. */
function below(api: Api, path: string): Api {
  const at = (request: ApiRequest): ApiRequest => ({ ...request, path: path + request.path })
  return { ...api, sendForText: (request, signal) => api.sendForText(at(request), signal) }
}
