import { z } from 'zod'
import { backoffMs } from '../../lib/backoff.ts'
import type { Api, ApiRequest } from '../api.ts'
import { uploadError } from '../openai-shape/refusal-words.ts'
import { type BatchInput, type FailureKind, ProviderError, type ProviderOptions, type RemoteFile } from '../provider.ts'
import type { TransportResponse } from '../transport.ts'
import { fileSchema } from './files.ts'

/** Bytes of one part of an upload; the official SDK sends as many. */
const PART_BYTES = 8 * 1_024 * 1_024

/** Times that a part is sent again before the upload is given up; as the official SDK. */
const PART_REPEATS = 3
const REPEAT_BACKOFF = { firstMs: 500, factor: 4, mostMs: 10_000 }

/** Failures after which the server is asked how far it came. */
const PASSING: readonly FailureKind[] = ['unreached', 'transport', 'server', 'throttled', 'shape']

const TYPE = 'application/jsonl'

type Options = Pick<ProviderOptions, 'baseUrl' | 'clock' | 'random' | 'readRetryMs'>

/**
 * Stores an input file in parts, each of which is sent again from where the server has come to. May be repeated: another
 * upload is another file.
 */
export async function uploadFile(
  api: Api,
  input: BatchInput,
  options: Options,
  signal: AbortSignal,
): Promise<RemoteFile> {
  try {
    return await new Upload(api, await startUpload(api, input, signal), options, signal).send(input)
  } catch (error) {
    throw uploadError(error)
  }
}

/** Where an upload that was begun is sent to; a further path or query of the uploads' root. */
async function startUpload(api: Api, { bytes, name }: BatchInput, signal: AbortSignal): Promise<SessionQuery> {
  const request = {
    method: 'POST',
    path: '/files',
    contentType: 'application/json',
    headers: {
      'x-goog-upload-protocol': 'resumable',
      'x-goog-upload-command': 'start',
      'x-goog-upload-header-content-length': String(bytes),
      'x-goog-upload-header-content-type': TYPE,
    },
    body: JSON.stringify({ file: { displayName: name } }),
  } as const
  const response = await api.exchange(request, signal)
  await drained(response)
  const url = response.headers['x-goog-upload-url'] ?? ''
  const query = URL.canParse(url) ? new URL(url) : undefined
  // Only the query is taken over: an address of the server's choice could lead the key and the prompts elsewhere.
  if (!query?.pathname.endsWith('/files') || query.search === '') {
    throw api.misshapen(request, response, 'no address to upload to')
  }
  return Object.fromEntries(query.searchParams)
}

type SessionQuery = Readonly<Record<string, string>>

const answerSchema = z.object({ file: fileSchema })

/** An upload that was begun. */
class Upload {
  readonly #api: Api
  readonly #query: SessionQuery
  readonly #options: Options
  readonly #signal: AbortSignal

  constructor(api: Api, query: SessionQuery, options: Options, signal: AbortSignal) {
    this.#api = api
    this.#query = query
    this.#options = options
    this.#signal = signal
  }

  async send(input: BatchInput): Promise<RemoteFile> {
    let offset = 0
    let file: RemoteFile | undefined
    for await (const part of partsOf(input.open())) {
      const isLast = offset + part.length >= input.bytes
      file = await this.#sendPart(part, offset, isLast)
      offset += part.length
      if (file) return file
    }
    throw this.#api.misshapen({ path: '/files' }, NO_ANSWER, `no file after ${offset} of ${input.bytes} bytes`)
  }

  /** The file, where the part is the last one. */
  async #sendPart(part: Uint8Array, start: number, isLast: boolean): Promise<RemoteFile | undefined> {
    let sent = 0
    for (let repeats = 0; ; repeats += 1) {
      try {
        const command = isLast ? 'upload, finalize' : 'upload'
        const request = this.#request(command, part.subarray(sent), start + sent)
        if (isLast) return (await this.#api.send(request, answerSchema, this.#signal)).file
        await drained(await this.#api.exchange(request, this.#signal))
        return undefined
      } catch (error) {
        const mayPass = error instanceof ProviderError && PASSING.includes(error.failure.kind)
        if (!mayPass || repeats >= PART_REPEATS || this.#signal.aborted) throw error
        const firstMs = this.#options.readRetryMs ?? REPEAT_BACKOFF.firstMs
        const waitMs = backoffMs({ ...REPEAT_BACKOFF, firstMs }, repeats, this.#options.random.fraction())
        await this.#options.clock.sleep(waitMs, this.#signal)
        const received = await this.#received()
        // What was finished, or cannot be continued, is begun anew by the caller: that costs nothing.
        if (received === null || received < start || received > start + part.length) throw error
        sent = received - start
      }
    }
  }

  #request(command: string, bytes: Uint8Array, offset: number): ApiRequest {
    return {
      method: 'POST',
      path: '/files',
      query: this.#query,
      contentType: TYPE,
      headers: { 'x-goog-upload-command': command, 'x-goog-upload-offset': String(offset) },
      body: { bytes: bytes.length, stream: only(bytes) },
    }
  }

  /** How many bytes the server has; null where the upload is not active any more. */
  async #received(): Promise<number | null> {
    const headers = { 'x-goog-upload-command': 'query' }
    const request = { method: 'POST', path: '/files', query: this.#query, headers, body: '' } as const
    const response = await this.#api.exchange(request, this.#signal)
    await drained(response)
    const told = response.headers['x-goog-upload-size-received'] ?? ''
    return response.headers['x-goog-upload-status'] === 'active' && /^\d+$/.test(told) ? Number(told) : null
  }
}

/** For a failure that lies in what was sent. */
const NO_ANSWER: TransportResponse = { status: 200, headers: {}, body: nothing() }

async function* nothing(): AsyncIterable<Uint8Array> {}

async function* only(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/** The bytes in parts of one size, the last one of the rest. */
async function* partsOf(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let held: Uint8Array[] = []
  let bytes = 0
  for await (const piece of pieces) {
    held.push(piece)
    bytes += piece.length
    if (bytes < PART_BYTES) continue
    const whole = Buffer.concat(held)
    let start = 0
    for (; bytes - start >= PART_BYTES; start += PART_BYTES) yield whole.subarray(start, start + PART_BYTES)
    held = start === bytes ? [] : [whole.subarray(start)]
    bytes -= start
  }
  if (bytes > 0) yield Buffer.concat(held)
}

/** An answer's body is read to its end, so that its connection can be used again. */
async function drained({ body }: TransportResponse): Promise<void> {
  for await (const _ of body);
}
