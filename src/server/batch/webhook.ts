import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../model/error.ts'

/** An event about a batch as a provider sends it. */
export interface WebhookEvent {
  readonly url: string
  readonly body: string
  /** The headers of a delivery at this time, in seconds of the epoch; they hold the signature. */
  readonly headersAt: (seconds: number) => Readonly<Record<string, string>>
}

/** Waits before each try of a delivery, in milliseconds; the providers themselves go on for days. */
const TRIES_MS = [0, 300, 1_000]

/** Delivers an event. Returns why it was not delivered, or null where it was or the signal has ended the tries. */
export async function deliverEvent(
  { body, headersAt, url }: WebhookEvent,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | null> {
  let last = ''
  for (const waitMs of TRIES_MS) {
    await clock.sleep(waitMs, signal)
    if (signal.aborted) return null
    const headers = { 'content-type': 'application/json', ...headersAt(Math.floor(clock.now() / 1_000)) }
    last = await post(new URL(url), body, headers, signal)
    if (last === '') return null
  }
  return last
}

/** Why it was not taken; empty where it was. */
async function post(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return await new Promise((resolve) => {
    const sent = send(url, { method: 'POST', headers, signal }, (response) => {
      response.resume()
      const status = response.statusCode ?? 0
      resolve(status >= 200 && status < 300 ? '' : `HTTP ${status}`)
    })
    sent.on('error', (error) => resolve(messageOf(error)))
    sent.end(body)
  })
}
