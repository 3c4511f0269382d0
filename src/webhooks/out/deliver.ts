import { Webhook } from 'standardwebhooks'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../model/error.ts'
import { ProviderError } from '../../providers/provider.ts'
import type { Transport } from '../../providers/transport.ts'
import type { RunMessage } from './run-message.ts'

/** Waits before each try, in milliseconds: five tries within half a minute, besides what each of them takes. */
const TRIES_MS = [0, 1_000, 3_000, 8_000, 15_000] as const

/** The total time of one try. */
const TRY_MS = 10_000

/** A receiver who answers so may answer otherwise soon; any other refusal stays one. */
const PASSING_STATUSES: readonly number[] = [408, 425, 429]

/** Address of a webhook, and the ways to it. */
export interface DeliveryRoad {
  readonly url: URL
  /** The keys that it is signed by, the newest first; a receiver needs one of them. */
  readonly keys: readonly Uint8Array[]
  readonly transport: Transport
  readonly clock: Clock
  /** Makes the try at hand the last one. */
  readonly stop: AbortSignal
}

/**
 * Delivers a message, in several tries where that helps, each with the same id and a signature of its own. Follows no
 * redirect. Returns why it was not delivered, in words that hold nothing of the address, or null where it was.
 */
export async function deliver(message: RunMessage, road: DeliveryRoad): Promise<string | null> {
  let why = 'it was not sent'
  for (const [index, waitMs] of TRIES_MS.entries()) {
    await road.clock.sleep(waitMs, road.stop)
    if (index > 0 && road.stop.aborted) return `${why}; stopped before another try`
    const tried = await attempt(message, road)
    if (tried === 'delivered') return null
    why = tried.why
    if (!tried.mayPass) return why
  }
  return `${why}; tried ${TRIES_MS.length} times`
}

async function attempt(
  message: RunMessage,
  road: DeliveryRoad,
): Promise<'delivered' | { readonly why: string; readonly mayPass: boolean }> {
  const { transport, url } = road
  const { body } = message
  const headers = { 'content-type': 'application/json', ...signedHeaders(message, road) }
  try {
    const request = { method: 'POST', url, headers, body, totalTimeoutMs: TRY_MS } as const
    const { body: answer, status } = await transport.send(request, new AbortController().signal)
    // Nothing of the answer matters; leaving its body frees the connection.
    for await (const _ of answer) break
    if (status >= 200 && status < 300) return 'delivered'
    const isRedirect = status >= 300 && status < 400
    const why = `the answer was HTTP ${status}${isRedirect ? ', and redirects are not followed' : ''}`
    return { why, mayPass: status >= 500 || PASSING_STATUSES.includes(status) }
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    return { why: `there was no answer (${messageOf(error.cause ?? 'no connection')})`, mayPass: true }
  }
}

/** The signature has the time of its try, because a receiver takes it for some minutes only. */
function signedHeaders({ body, id }: RunMessage, { clock, keys }: DeliveryRoad): Readonly<Record<string, string>> {
  const at = new Date(clock.now())
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': keys.map((key) => new Webhook(key, { format: 'raw' }).sign(id, at, body)).join(' '),
  }
}
