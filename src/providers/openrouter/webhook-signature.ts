import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ClaimedSignature } from '../provider-entry.ts'

/**
 * The signature of OpenRouter's own form: `X-OpenRouter-Signature: t=<seconds>,v1=<hex>` is the HMAC-SHA256 of the time, a
 * comma and the body. Its documents show it for videos; a batch is expected to have the same. Webhooks are told apart by
 * `X-OpenRouter-Idempotency-Key`, and by the signature where that is absent.
 */
export function claimedSignature(headers: Headers, body: string): ClaimedSignature | null {
  const [, seconds, hex] = /^t=(\d{1,12}),v1=([\da-f]{64})$/.exec(headers.get('x-openrouter-signature') ?? '') ?? []
  if (seconds === undefined || hex === undefined) return null
  return {
    id: headers.get('x-openrouter-idempotency-key') ?? hex,
    signedAt: Number(seconds),
    isBy: (secret) => {
      const made = createHmac('sha256', secret).update(`${seconds},${body}`).digest()
      return timingSafeEqual(made, Buffer.from(hex, 'hex'))
    },
  }
}
