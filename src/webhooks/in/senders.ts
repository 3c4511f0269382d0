import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import type { Configuration } from '../../config/configuration.ts'
import type { ClaimedSignature, ProviderEntry } from '../../providers/provider-entry.ts'
import { PROVIDERS } from '../../providers/registry.ts'
import { keyOf } from '../secret.ts'

/** A party that may send webhooks: a secret, and the providers that it was set for. */
export interface Sender {
  /** The variable that holds the secret. */
  readonly variable: string
  readonly providers: readonly string[]
  /** What ids of its batches begin with where an event may leave it out. */
  readonly idPrefix: string
  /** The id of a webhook that this secret has signed within the last minutes; null for any other request. */
  verify(headers: Headers, body: string): string | null
}

/** Seconds by which the time of a signature may differ from now, as Standard Webhooks and the official SDKs have it. */
const TOLERANCE_SECONDS = 300

/** What a provider calls a webhook is a key of the catalog. */
const LONGEST_ID = 256

/** Every provider that sends webhooks. */
export function webhookProviders(): readonly (ProviderEntry & Required<Pick<ProviderEntry, 'webhooks'>>)[] {
  return Object.values(PROVIDERS).flatMap((entry) => (entry.webhooks ? [{ ...entry, webhooks: entry.webhooks }] : []))
}

/**
 * The senders whose secrets are set, a secret each. `given` has secrets by provider in the place of those in the environment.
 * Throws `configuration` where a secret cannot be used.
 */
export function sendersOf(
  { webhookSecretsIn }: Pick<Configuration, 'webhookSecretsIn'>,
  now: () => number,
  given: Readonly<Record<string, readonly string[]>> = {},
): readonly Sender[] {
  return webhookProviders().flatMap(({ name, webhooks }) => {
    const { claimed, idPrefix = '', secretVariable: variable } = webhooks
    const secrets = given[name] ?? webhookSecretsIn(variable)
    return secrets.map((secret): Sender => {
      const isBySecret = standardCheck(keyOf(secret, variable))
      return {
        variable,
        providers: [name],
        idPrefix,
        verify: (headers, body) => {
          const other = claimed?.(headers, body) ?? null
          const id = other === null ? isBySecret(headers, body) : claimedId(other, secret, now())
          return id !== null && id !== '' && id.length <= LONGEST_ID ? id : null
        },
      }
    })
  })
}

function standardCheck(key: Uint8Array): (headers: Headers, body: string) => string | null {
  const webhook = new Webhook(key, { format: 'raw' })
  return (headers, body) => {
    try {
      webhook.verify(body, Object.fromEntries(headers), { jsonParse: false })
      return headers.get('webhook-id')
    } catch (error) {
      if (error instanceof WebhookVerificationError) return null
      throw error
    }
  }
}

function claimedId({ id, isBy, signedAt }: ClaimedSignature, secret: string, now: number): string | null {
  const isInTime = Math.abs(now / 1_000 - signedAt) <= TOLERANCE_SECONDS
  return isBy(secret) && isInTime ? id : null
}
