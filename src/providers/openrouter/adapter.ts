import { z } from 'zod'
import { unanswered } from '../../model/failure.ts'
import { bearer, createApi } from '../api.ts'
import { encodeLines } from '../encode-lines.ts'
import { isCreatedSince, readPages } from '../listing.ts'
import { noteInList } from '../models/model-note.ts'
import { cursorPage } from '../openai-shape/cursor-page.ts'
import { callDirectly } from '../openai-shape/direct-call.ts'
import { getBatch } from '../openai-shape/remote-batch.ts'
import { decodeResultLine } from '../openai-shape/result-line.ts'
import { type Provider, ProviderError, type ProviderOptions, type WireRequest } from '../provider.ts'
import { secretsOf } from '../secrets.ts'
import { openRouterBatchSchema } from './batch.ts'
import { createInline } from './create-inline.ts'
import { openRouterLimits } from './limits.ts'
import { readResults } from './results.ts'

/**
 * OpenRouter's batch API: a create carries its requests, and no batch a mark. It calls `callbackUrl` when a batch has ended.
 * Facts: docs/providers/openrouter.md.
 */
export function createOpenRouterProvider(options: ProviderOptions, callbackUrl?: string): Provider {
  const api = createApi(options, bearer(options))
  const secrets = secretsOf(options)
  const place = { root: '/batches', schema: openRouterBatchSchema(secrets) }
  const bounds = options.mostListedBytes === undefined ? {} : { bytes: options.mostListedBytes }
  return {
    name: 'openrouter',
    baseUrl: options.baseUrl,
    abilities: { recovery: 'counted' },
    limits: (target) => openRouterLimits(target, options.maxLineBytes),
    encode,
    encodeInput: async (input) => encodeLines(input, encode),
    decode: (line, target) => decodeResultLine(line, target.endpoint, secrets),
    create: (batch, input, signal) => createInline(api, place, batch, input, { ...options, callbackUrl }, signal),
    isOurs: () => false,
    list: async (since, signal) => {
      const request = { path: place.root, query: { limit: '100' } }
      const { items, ...end } = await readPages(
        (position) => cursorPage(api, request, place.schema, position, signal),
        (one) => isCreatedSince(one, since),
        signal,
        bounds,
      )
      return { ...end, batches: items }
    },
    greet: (signal) =>
      api.readSized({ path: place.root, query: { limit: '1' } }, z.object({ data: z.array(place.schema) }), signal),
    get: (id, signal) => getBatch(api, place, id, signal),
    read: ({ id }, signal) => readResults(api, place.root, id, signal),
    cancel: () => Promise.reject(new ProviderError(unanswered('refused', CANNOT_CANCEL))),
    describeModel: ({ model }, signal) => noteInList(api, { model, endsIn: 'expiration_date' }, signal),
    direct: (request, signal) => callDirectly(api, request, options, signal),
  }
}

const CANNOT_CANCEL = 'OpenRouter cannot cancel a batch: what it was sent is asked, and its answers can be collected'

function encode({ body, wireId }: WireRequest): string {
  return `{"custom_id":${JSON.stringify(wireId)},"body":${body}}`
}
