import { createHmac } from 'node:crypto'
import type { WebhookEvent } from '../batch/webhook.ts'
import type { WebhookOptions } from '../options.ts'
import type { BatchRecord } from '../state/record.ts'

/**
 * The end of a batch as OpenRouter tells it to the address that its create has named, or undefined where it named none. The
 * form is that of its callbacks for videos, which its documents show.
 */
export function openRouterEvent(batch: BatchRecord, { secret }: WebhookOptions): WebhookEvent | undefined {
  const { enteredAtMs, id, metadata, phase } = batch
  const url = metadata?.['callback_url']
  if (url === undefined) return undefined
  const createdAt = new Date(enteredAtMs[phase] ?? 0).toISOString()
  const body = JSON.stringify({ type: `batch.${phase}`, created_at: createdAt, data: { id, status: phase } })
  return {
    url,
    body,
    headersAt: (seconds) => {
      const signature = createHmac('sha256', secret).update(`${seconds},${body}`).digest('hex')
      return { 'x-openrouter-signature': `t=${seconds},v1=${signature}`, 'x-openrouter-idempotency-key': `batch-${id}` }
    },
  }
}
