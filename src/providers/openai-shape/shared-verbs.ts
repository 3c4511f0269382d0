import { z } from 'zod'
import type { Api } from '../api.ts'
import { isCreatedSince, type Page, type PagePosition, readPages } from '../listing.ts'
import type { NewBatch, Provider, ProviderOptions, RemoteBatch, RemoteFile } from '../provider.ts'
import { secretsOf } from '../secrets.ts'
import { downloadFile } from './download.ts'
import { isMarked, NONCE_KEY, storedId } from './marks.ts'
import { type BatchPlace, cancelBatch, createBatch, getBatch } from './remote-batch.ts'
import { discardFile, fileSchema, getFile, uploadFile } from './remote-file.ts'
import { decodeResultLine, openaiReplies } from './result-line.ts'

/** A listing and what narrows it, beside the page. */
export interface ListRequest {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

/** The differences between providers whose files and batches work like those of OpenAI. */
export interface Peculiarities {
  readonly api: Api
  readonly options: ProviderOptions
  readonly place: BatchPlace
  /** The body of a create. */
  readonly creation: (batch: NewBatch, inputFileId: string) => unknown
  readonly fetchPage: <Item>(
    api: Api,
    request: ListRequest,
    item: z.ZodType<Item>,
    position: PagePosition,
    signal: AbortSignal,
  ) => Promise<Page<Item>>
  /** What narrows the listing of batches made since an instant. */
  readonly batchQuery: (since: Date) => ListRequest['query']
  readonly fileQuery: ListRequest['query']
  /** What an upload is for, in the provider's word. @default 'batch' */
  readonly purpose?: string
  /** The header of a create that takes the nonce as idempotency key. @default none */
  readonly keyHeader?: string
  /** Asks for a page with one batch. */
  readonly greetQuery: ListRequest['query']
}

/** The verbs of an adapter that are the same wherever files and batches work like those of OpenAI. */
export function sharedVerbs(peculiarities: Peculiarities) {
  const { api, options, place, creation, fetchPage, keyHeader, purpose = 'batch', ...queries } = peculiarities
  const secrets = secretsOf(options)
  const files = fileSchema.transform(({ file }) => file)
  const bounds = options.mostListedBytes === undefined ? {} : { bytes: options.mostListedBytes }
  const listed = <Item extends RemoteBatch | RemoteFile>(
    request: ListRequest,
    item: z.ZodType<Item>,
    since: Date,
    signal: AbortSignal,
  ) =>
    readPages(
      (position) => fetchPage(api, request, item, position, signal),
      (one) => isCreatedSince(one, since),
      signal,
      bounds,
    )
  return {
    baseUrl: options.baseUrl,
    abilities: { recovery: 'marked' },
    decode: (line, target) => decodeResultLine(line, target.endpoint, secrets),
    store: (input, signal) => uploadFile(api, input, { ...options, purpose }, signal),
    file: (id, signal) => getFile(api, id, signal),
    create: (batch, input, signal) => {
      const headers = keyHeader === undefined ? {} : { [keyHeader]: batch.metadata[NONCE_KEY] ?? '' }
      return createBatch(api, place, { body: creation(batch, storedId(input)), headers }, options, signal)
    },
    isOurs: isMarked,
    list: async (since, signal) => {
      const request = { path: place.root, query: queries.batchQuery(since) }
      const { items, ...end } = await listed(request, place.schema, since, signal)
      return { ...end, batches: items }
    },
    greet: (signal) =>
      api.readSized({ path: place.root, query: queries.greetQuery }, z.object({ data: z.array(place.schema) }), signal),
    listFiles: async (since, signal) => {
      const { items, ...end } = await listed({ path: '/files', query: queries.fileQuery }, files, since, signal)
      return { ...end, files: items }
    },
    get: (id, signal) => getBatch(api, place, id, signal),
    read: ({ id }, signal) => downloadFile(api, id, signal),
    cancel: (id, signal) => cancelBatch(api, place, id, signal),
    discard: (ref, signal) => discardFile(api, ref, signal),
    synchronous: openaiReplies,
    pass: (request, signal) => api.pass(request, signal),
  } as const satisfies Partial<Provider>
}
