import type { Api } from '../api.ts'
import { creationError } from '../failure.ts'
import type { BatchPlace } from '../openai-shape/remote-batch.ts'
import type { BatchInput, InputRef, NewBatch, ProviderOptions, RemoteBatch } from '../provider.ts'

const LINE_FEED = 0x0a
const COMMA = 0x2c

/** The total time limit of a create, unless configured otherwise. */
const CREATE_TIMEOUT_MS = 60_000

/** The paid call, which carries all requests: one POST, on a connection of its own. Throws `NotCreated` or `Unknown`. */
export async function createInline(
  api: Api,
  { root, schema }: BatchPlace,
  { target }: NewBatch,
  input: InputRef | BatchInput,
  options: Pick<ProviderOptions, 'createTimeoutMs'> & { readonly callbackUrl: string | undefined },
  signal: AbortSignal,
): Promise<RemoteBatch> {
  if ('id' in input) throw new Error('a create at OpenRouter carries its input; it was given one that is stored')
  const { endpoint, model } = target
  const fields = JSON.stringify({ endpoint, model, completion_window: '24h', callback_url: options.callbackUrl })
  const head = `${fields.slice(0, -1)},"requests":[`
  try {
    return await api.send(
      {
        method: 'POST',
        path: root,
        contentType: 'application/json',
        body: requestBody(head, input),
        totalTimeoutMs: options.createTimeoutMs ?? CREATE_TIMEOUT_MS,
      },
      schema,
      signal,
    )
  } catch (error) {
    throw creationError(error)
  }
}

/** The API reads the body as it comes, so that what stands before the requests must be known before them. */
function requestBody(
  head: string,
  input: BatchInput,
): { readonly bytes: number; readonly stream: AsyncIterable<Uint8Array> } {
  const [before, after] = [Buffer.from(head), Buffer.from(']}')]
  // The last line feed has no comma in its place.
  return { bytes: before.length + input.bytes - 1 + after.length, stream: joined(before, input, after) }
}

async function* joined(before: Uint8Array, input: BatchInput, after: Uint8Array): AsyncIterable<Uint8Array> {
  yield before
  let left = input.bytes - 1
  for await (const piece of input.open()) {
    const list = Buffer.from(piece.subarray(0, left))
    for (let at = list.indexOf(LINE_FEED); at >= 0; at = list.indexOf(LINE_FEED, at + 1)) list[at] = COMMA
    left -= list.length
    yield list
  }
  yield after
}
