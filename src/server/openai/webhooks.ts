import { createHmac } from 'node:crypto'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../model/error.ts'
import type { WebhookOptions } from '../options.ts'
import type { BatchRecord } from '../state/record.ts'

/** Waits before each try of a delivery, in milliseconds; the provider itself goes on for three days. */
const TRIES_MS = [0, 300, 1_000]

const PREFIX = 'whsec_'

/** Tells an address that a batch has ended, signed as OpenAI signs its webhooks. Its retries end with the signal. */
export async function sendWebhook(
  batch: BatchRecord,
  { onUndelivered, secret, url }: WebhookOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(eventOf(batch))
  let last = ''
  for (const waitMs of TRIES_MS) {
    await clock.sleep(waitMs, signal)
    if (signal.aborted) return
    last = await post(new URL(url), body, signedHeaders(`wh_${batch.id}`, body, secret, clock.now()), signal)
    if (last === '') return
  }
  onUndelivered?.(`the webhook about ${batch.id} was not delivered: ${last}`)
}

function eventOf({ enteredAtMs, id, phase }: BatchRecord): object {
  const createdAt = Math.floor((enteredAtMs[phase] ?? 0) / 1_000)
  return { id: `evt_${id}`, object: 'event', created_at: createdAt, type: `batch.${phase}`, data: { id } }
}

function signedHeaders(id: string, body: string, secret: string, nowMs: number): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1_000))
  const key = secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : secret
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
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
