import type { Configuration } from '../../config/configuration.ts'
import { VARIABLES } from '../../config/variables.ts'
import { LlmBatchError } from '../../model/error.ts'
import { inFlags } from '../../model/options/mention.ts'
import type { ProviderEntry, WebhookFacts } from '../../providers/provider-entry.ts'
import { PROVIDERS } from '../../providers/registry.ts'
import { keyOf } from '../../webhooks/secret.ts'
import { counted } from '../render/terminal/quantity.ts'
import type { Finding } from './finding.ts'

/**
 * Webhooks of the providers that have a key, or a secret already: which secrets are set, and what to register. Polling goes
 * on without them, so only a secret that cannot be used is a problem. Shows no secret.
 */
export function examineWebhooks(configuration: Configuration): readonly Finding[] {
  const examined = Object.values(PROVIDERS).flatMap((entry) => {
    const { webhooks } = entry
    if (!webhooks) return []
    const secrets = configuration.webhookSecretsIn(webhooks.secretVariable)
    const isUsed = secrets.length > 0 || configuration.hasKeyFor(entry)
    return isUsed
      ? [{ text: describe(entry, webhooks, secrets.length), problem: flawOf(secrets, webhooks.secretVariable) }]
      : []
  })
  const own = configuration.webhookSecretsIn(VARIABLES.webhookSecret)
  if (own.length > 0) {
    const text = `${counted(own.length, 'secret')} in ${VARIABLES.webhookSecret}, for webhooks about runs`
    examined.push({ text, problem: flawOf(own, VARIABLES.webhookSecret) })
  }
  if (examined.length === 0) return []
  const problems = examined.flatMap(({ problem }) => problem ?? [])
  const text = examined.map((one) => one.text).join('\n')
  return [{ what: 'webhooks', text, problem: problems.length === 0 ? null : problems.join('\n') }]
}

function describe({ name }: ProviderEntry, webhooks: WebhookFacts, secretCount: number): string {
  const { events, registration, secretVariable, unsure } = webhooks
  if (secretCount > 0) return `${name}: ${counted(secretCount, 'secret')} in ${secretVariable}`
  const what = `register the address of llm-batch webhooks ${registration}, for ${events.join(', ')}`
  return `${name}: no secret; to hear at once when a batch has ended, ${what}, and set ${secretVariable}.${unsure === undefined ? '' : ` ${unsure}`}`
}

function flawOf(secrets: readonly string[], variable: string): string | null {
  try {
    for (const secret of secrets) keyOf(secret, variable)
    return null
  } catch (error) {
    if (!LlmBatchError.isInstance(error)) throw error
    const { message, next } = error.inWords(inFlags)
    return `${message}. ${next}`
  }
}
