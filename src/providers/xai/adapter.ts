import { bearer, createApi } from '../api.ts'
import { displayNameOf } from '../gemini/display-name.ts'
import { rereading } from '../gemini/gemini-api.ts'
import { isCreatedSince, readPages } from '../listing.ts'
import { askDirectly } from '../openai-shape/direct-call.ts'
import { isMarked, storedId } from '../openai-shape/marks.ts'
import { cancelAt, createBatch } from '../openai-shape/remote-batch.ts'
import { uploadFile } from '../openai-shape/remote-file.ts'
import type { Provider, ProviderOptions } from '../provider.ts'
import { path } from '../remote-id.ts'
import { secretsOf } from '../secrets.ts'
import { expiredBy, xaiBatchSchema } from './batch.ts'
import { xaiLimits } from './limits.ts'
import { pageSchema } from './pages.ts'
import { answeredLine, decodeLine, refusedLine } from './result-line.ts'
import { readResults } from './results.ts'

const ROOT = '/batches'

/** Batches of a page; more are not known to be given. */
const PAGE_SIZE = '100'

/** A wrong key is a 400 here, like anything else that is wrong in a call. */
const WRONG_KEY = ['refused', /\bAPI[ _-]?key\b/i, 'unauthorised'] as const

/**
 * xAI's batch API in its file mode: a batch tells its counts and no status, its name is the mark of ours that it repeats, and
 * its results are pages of objects. Nothing is known to stop a late create, nor a call that deletes a file, so the adapter
 * has no such verb. Facts: docs/providers/xai.md.
 */
export function createXaiProvider(options: ProviderOptions): Provider {
  const api = rereading(createApi(options, bearer(options)), [WRONG_KEY])
  const secrets = secretsOf(options)
  const batchSchema = xaiBatchSchema(secrets)
  const batches = pageSchema(batchSchema)
  const bounds = options.mostListedBytes === undefined ? {} : { bytes: options.mostListedBytes }
  return {
    name: 'xai',
    baseUrl: options.baseUrl,
    abilities: { recovery: 'unfenced' },
    limits: (target) => xaiLimits(target, options.maxLineBytes),
    encode: ({ body, target, wireId }) =>
      `{"custom_id":${JSON.stringify(wireId)},"method":"POST","url":${JSON.stringify(target.endpoint)},"body":${body}}`,
    // Frozen lines are such lines.
    encodeInput: async (input) => input,
    decode: (line, target) => decodeLine(line, target.endpoint, secrets),
    store: (input, signal) => uploadFile(api, input, { ...options, purpose: null }, signal),
    create: (batch, input, signal) => {
      const { metadata } = batch
      // A batch with a name of another is not ours; without a name, the answer to our own call can only be believed.
      const place = { root: ROOT, schema: xaiBatchSchema(secrets, metadata) }
      const body = { name: displayNameOf(metadata), input_file_id: storedId(input) }
      return createBatch(api, place, { body }, options, signal)
    },
    isOurs: isMarked,
    list: async (since, signal) => {
      let token: string | undefined
      const { items, ...end } = await readPages(
        async () => {
          const query = { limit: PAGE_SIZE, ...(token === undefined ? {} : { pagination_token: token }) }
          const { at, bytes, value } = await api.readSized({ path: ROOT, query }, batches, signal)
          token = value.token
          return { items: value.items.map((one) => expiredBy(one, at)), hasMore: token !== undefined, bytes }
        },
        (one) => isCreatedSince(one, since),
        signal,
        bounds,
      )
      return { ...end, batches: items }
    },
    greet: (signal) => api.readSized({ path: ROOT, query: { limit: '1' } }, batches, signal),
    get: async (id, signal) => {
      const same = batchSchema.refine((batch) => batch.id === id, 'is another batch than the one asked for')
      const { at, value } = await api.readSized({ path: ROOT + path`/${id}` }, same, signal)
      return expiredBy(value, at)
    },
    read: ({ id }, signal) => readResults(api, id, signal),
    cancel: (id, signal) => cancelAt(api, ROOT + path`/${id}:cancel`, signal),
    direct: async ({ body, target, wireId }, signal) => {
      const said = await askDirectly(api, { path: '/chat/completions', body }, options, signal)
      const line = 'text' in said ? answeredLine(wireId, said.text) : refusedLine(wireId, said.refusal)
      const decoded = decodeLine(line, target.endpoint, secrets)
      if (!decoded) throw new Error('the line of a direct answer cannot be read')
      return { line, outcome: decoded.outcome }
    },
  }
}
