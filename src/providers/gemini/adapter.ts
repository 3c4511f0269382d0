import { z } from 'zod'
import { encodeMeasured } from '../encode-lines.ts'
import { isCreatedSince } from '../listing.ts'
import { NOTHING_TOLD, readModel } from '../models/model-note.ts'
import { downloadLines } from '../openai-shape/download.ts'
import { isMarked } from '../openai-shape/marks.ts'
import { getBatch } from '../openai-shape/remote-batch.ts'
import { type FailureKind, type Provider, ProviderError, type ProviderOptions } from '../provider.ts'
import { path } from '../remote-id.ts'
import { secretsOf } from '../secrets.ts'
import { geminiBatchSchema } from './batch.ts'
import { createGeminiBatch } from './create.ts'
import { callDirectly } from './direct-call.ts'
import { methodsOf } from './endpoints.ts'
import { discardFile, fileSchema, getFile } from './files.ts'
import { createGeminiApi } from './gemini-api.ts'
import { geminiLimits } from './limits.ts'
import { type Collection, listAll, pageSchema } from './pages.ts'
import { encodeLine } from './request/request.ts'
import { decodeLine } from './result-line.ts'
import { uploadFile } from './upload.ts'

/** Answers to a cancel that the next look at the batch explains better: most often it has ended meanwhile. */
const ENDED_MEANWHILE: readonly FailureKind[] = ['refused', 'absent']

/** Part of a model that tells what can be asked of it. */
const METHODS = z.object({ supportedGenerationMethods: z.array(z.string()).min(1) })

/**
 * Gemini's batch API in its file mode: requests are written as contents, the batch is an operation of a model, and its name
 * is the only mark of ours that it repeats. Facts: docs/providers/gemini.md.
 */
export function createGeminiProvider(options: ProviderOptions): Provider {
  const { calls, downloads, uploads } = createGeminiApi(options)
  const secrets = secretsOf(options)
  const place = { root: '/batches', schema: geminiBatchSchema(secrets) }
  const bounds = options.mostListedBytes === undefined ? {} : { bytes: options.mostListedBytes }
  const batches = { path: place.root, member: 'operations', item: place.schema }
  const files = { path: '/files', member: 'files', item: fileSchema }
  const listed = <Item extends { readonly id: string; readonly createdAt: Date | null }>(
    collection: Collection<Item>,
    since: Date,
    signal: AbortSignal,
  ) => listAll(calls, collection, (item) => isCreatedSince(item, since), signal, bounds)
  return {
    name: 'gemini',
    baseUrl: options.baseUrl,
    abilities: { recovery: 'named' },
    limits: (target) => geminiLimits(target, options.maxLineBytes),
    encode: encodeLine,
    encodeInput: (input) => encodeMeasured(input, encodeLine),
    decode: (line, target) => decodeLine(line, target.endpoint, secrets),
    store: (input, signal) => uploadFile(uploads, input, options, signal),
    file: (id, signal) => getFile(calls, id, signal),
    create: (batch, input, signal) => createGeminiBatch(calls, batch, input, options, signal),
    isOurs: isMarked,
    list: async (since, signal) => {
      const { items, ...end } = await listed(batches, since, signal)
      return { ...end, batches: items }
    },
    greet: (signal) => calls.readSized({ path: place.root, query: { pageSize: '1' } }, pageSchema(batches), signal),
    listFiles: async (since, signal) => {
      const { items, ...end } = await listed(files, since, signal)
      return { ...end, files: items }
    },
    get: (id, signal) => getBatch(calls, place, id, signal),
    read: ({ id }, signal) =>
      downloadLines(downloads, () => ({ path: path`/files/${id}:download`, query: { alt: 'media' } }), signal),
    cancel: async (id, signal) => {
      const call = {
        method: 'POST',
        path: path`/batches/${id}:cancel`,
        contentType: 'application/json',
        body: '{}',
      } as const
      try {
        await calls.send(call, z.object({}), signal)
      } catch (error) {
        if (!(error instanceof ProviderError) || !ENDED_MEANWHILE.includes(error.failure.kind)) throw error
      }
    },
    discard: (ref, signal) => discardFile(calls, ref, signal),
    describeModel: async ({ endpoint, model }, signal) => {
      const methods = METHODS.safeParse(await readModel(calls, path`/models/${model}`, signal))
      if (!methods.success) return NOTHING_TOLD
      return { ...NOTHING_TOLD, canBatch: methods.data.supportedGenerationMethods.includes(methodsOf(endpoint).batch) }
    },
    direct: (request, signal) => callDirectly(calls, request, options, signal),
  }
}
