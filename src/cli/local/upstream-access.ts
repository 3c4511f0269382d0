import { parseBaseUrl } from '../../config/base-url.ts'
import type { Environment } from '../../config/credentials.ts'
import { VARIABLES } from '../../config/variables.ts'
import type { Clock } from '../../lib/clock.ts'
import { LlmBatchError, messageOf } from '../../model/error.ts'
import { retryAfterMs } from '../../providers/failure.ts'
import { createTransport } from '../../providers/http.ts'
import { maskSecrets } from '../../providers/mask.ts'
import { ProviderError } from '../../providers/provider.ts'
import type { Transport, TransportRequest, TransportResponse } from '../../providers/transport.ts'
import type { Upstream, UpstreamReply } from '../../server/upstream/upstream.ts'

/** A server of models as the user named it. */
export interface UpstreamPlace {
  /** Its API root, checked, with its version path and without a slash at the end. */
  readonly url: string
  readonly key: string | null
  /** True where plain http may leave this machine. */
  readonly isHttpAllowed: boolean
}

/** The longest answer that is read; a longer one counts as lost. */
const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024

/** Silence after which the list of models is not waited for any more. */
const MODELS_TIMEOUT_MS = 10_000

/** Reads address and key. Throws `configuration` where the address cannot be used, or the variable is not set. */
export function upstreamPlace(
  environment: Environment,
  { flag, keyVariable, url }: { readonly flag: string; readonly url: string; readonly keyVariable: string | null },
): UpstreamPlace {
  const key = keyVariable === null ? null : keyIn(environment[keyVariable], keyVariable)
  // Without a key there is nothing to lose on the way but the prompts, and the user named the machine that gets them.
  const isHttpAllowed = key === null || environment[VARIABLES.allowHttp] === '1'
  return { url: parseBaseUrl(url, { variable: flag, isHttpAllowed, usualPath: '/v1' }), key, isHttpAllowed }
}

function keyIn(value: string | undefined, variable: string): string {
  const key = value?.trim() ?? ''
  if (/^[\x21-\x7e]+$/.test(key)) return key
  throw new LlmBatchError('configuration', `${variable} holds no key for the model server`, {
    next: `Set ${variable} in the environment, or leave the option out where the server wants no key.`,
  })
}

/** The way to a server of models. The key is masked in everything that comes back. */
export function upstreamAt(place: UpstreamPlace, environment: Environment, clock: Clock): Upstream {
  const { isHttpAllowed, url } = place
  const transport = createTransport({
    apiOrigin: url,
    clock,
    environment,
    // Of the two limits of a call the total one strikes first.
    idleTimeoutMs: MODELS_TIMEOUT_MS,
    isHttpAllowed,
  })
  const exchange = (request: Pick<TransportRequest, 'method' | 'body'>, path: string, timeoutMs: number) => {
    const headers = {
      accept: 'application/json',
      'user-agent': 'llm-batch',
      ...(place.key === null ? {} : { authorization: `Bearer ${place.key}` }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    return {
      ...request,
      url: new URL(url + path),
      headers,
      totalTimeoutMs: timeoutMs,
      idleTimeoutMs: timeoutMs,
    }
  }
  const secrets = place.key === null ? [] : [place.key]
  const send = async (request: TransportRequest, signal: AbortSignal): Promise<UpstreamReply> => {
    const reply = await replyOf(transport, clock, request, signal)
    return reply.kind === 'answered'
      ? { ...reply, text: maskSecrets(reply.text, secrets) }
      : { ...reply, reason: maskSecrets(reply.reason, secrets) }
  }
  return {
    url,
    post: ({ body, path, timeoutMs }, signal) => send(exchange({ method: 'POST', body }, path, timeoutMs), signal),
    models: (signal) => send(exchange({ method: 'GET' }, '/models', MODELS_TIMEOUT_MS), signal),
  }
}

async function replyOf(
  transport: Transport,
  clock: Clock,
  request: TransportRequest,
  signal: AbortSignal,
): Promise<UpstreamReply> {
  try {
    const response = await transport.send(request, signal)
    const retryAfter = retryAfterMs(response.headers, clock.now())
    return { kind: 'answered', status: response.status, text: await textOf(response), retryAfterMs: retryAfter }
  } catch (error) {
    const isUnreached = error instanceof ProviderError && error.failure.kind === 'unreached'
    return { kind: isUnreached ? 'unreached' : 'lost', reason: messageOf(error) }
  }
}

async function textOf({ body }: TransportResponse): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > LONGEST_ANSWER_BYTES) throw new Error(`its answer has more than ${LONGEST_ANSWER_BYTES} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
