import { createHmac } from 'node:crypto'
import type { WebhookEvent } from '../batch/webhook.ts'
import type { WebhookOptions } from '../options.ts'
import type { BatchRecord } from '../state/record.ts'

const PREFIX = 'whsec_'

/** The end of a batch as OpenAI tells it to an address of the project, by Standard Webhooks. */
export function openaiEvent({ enteredAtMs, id, phase }: BatchRecord, { secret, url }: WebhookOptions): WebhookEvent {
  const createdAt = Math.floor((enteredAtMs[phase] ?? 0) / 1_000)
  const event = { id: `evt_${id}`, object: 'event', created_at: createdAt, type: `batch.${phase}`, data: { id } }
  const body = JSON.stringify(event)
  const webhookId = `wh_${id}`
  const key = secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : secret
  return {
    url,
    body,
    headersAt: (seconds) => {
      const signature = createHmac('sha256', key).update(`${webhookId}.${seconds}.${body}`).digest('base64')
      const headers = { 'webhook-id': webhookId, 'webhook-timestamp': String(seconds) }
      return { ...headers, 'webhook-signature': `v1,${signature}` }
    },
  }
}
