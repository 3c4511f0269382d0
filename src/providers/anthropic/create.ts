import { unanswered } from '../../model/failure.ts'
import type { Api } from '../api.ts'
import { creationError } from '../failure.ts'
import type { BatchPlace } from '../openai-shape/remote-batch.ts'
import {
  type BatchInput,
  type InputRef,
  NotCreated,
  ProviderError,
  type ProviderOptions,
  type RemoteBatch,
} from '../provider.ts'

/** Bytes of a whole create, where the documents do not say which kind of MB they mean: the smaller. */
const MOST_BYTES = 256_000_000

/** The time limit of a create without its input, unless configured otherwise. */
const CREATE_TIMEOUT_MS = 60_000

/** The slowest connection that a create is granted time for: 2 Mbit in a second. */
const BYTES_PER_MS = 250

const HEAD = Buffer.from('{"requests":[')
const TAIL = Buffer.from('}')
const LINE_FEED = 0x0a
const COMMA = 0x2c
const CLOSING_BRACKET = 0x5d

/** The paid call: one POST with all requests in it, on a connection of its own. Throws `NotCreated` or `Unknown`. */
export async function createMessageBatch(
  api: Api,
  { root, schema }: BatchPlace,
  input: InputRef | BatchInput,
  options: Pick<ProviderOptions, 'createTimeoutMs'>,
  signal: AbortSignal,
): Promise<RemoteBatch> {
  if ('id' in input) throw new Error('a message batch carries its input, which was stored instead')
  const bytes = HEAD.length + input.bytes + TAIL.length
  if (bytes > MOST_BYTES) throw tooLarge(`the create has ${bytes} bytes, and ${MOST_BYTES} is the maximum`)
  try {
    return await api.send(
      {
        method: 'POST',
        path: root,
        contentType: 'application/json',
        body: { bytes, stream: listed(input.open()) },
        totalTimeoutMs: (options.createTimeoutMs ?? CREATE_TIMEOUT_MS) + Math.ceil(bytes / BYTES_PER_MS),
      },
      schema,
      signal,
    )
  } catch (error) {
    throw creationFailure(error)
  }
}

/** Lines as the members of a list: each line feed becomes a comma, and the last one the closing bracket. */
async function* listed(lines: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield HEAD
  let held: Uint8Array | undefined
  for await (const piece of lines) {
    if (held) yield held
    // JSON on one line holds no line feed of its own.
    held = piece.map((byte) => (byte === LINE_FEED ? COMMA : byte))
  }
  if (held) yield Buffer.concat([held.subarray(0, -1), Buffer.of(CLOSING_BRACKET)])
  yield TAIL
}

/**
 * What a failed create means. A body that the API itself calls too large is cut; a page of HTML with the same status may be
 * of anything in between, and proves nothing. A limit of the account's owner comes with the status of a passing rate limit,
 * and does not pass.
 */
function creationFailure(error: unknown): Error {
  const failure = error instanceof ProviderError ? error.failure : undefined
  if (failure?.status === 413 && failure.kind === 'refused') return tooLarge(failure.message, error)
  if (failure?.kind === 'throttled' && SPENT.includes(failure.code ?? '')) {
    return new NotCreated({ ...failure, kind: 'forbidden' }, error)
  }
  return creationError(error)
}

function tooLarge(message: string, cause?: unknown): NotCreated {
  return new NotCreated(unanswered('too_large', message), cause)
}

/** Codes of limits to the money that an account may spend (SDK 1.14.0 and the page on errors). */
const SPENT: readonly string[] = ['enforced_spend_limit_reached', 'contract_spend_limit_reached', 'ramp_limit_exceeded']
