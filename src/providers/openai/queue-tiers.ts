import type { ProviderFacts } from '../facts.ts'

/**
 * What has been published of OpenAI's batch queue limits, by a stored copy of its page on the model (2026). They differ from
 * account to account and change often, so the table counts only where the user names a tier, and what the provider
 * itself says in a refusal wins over it.
 */
export const QUEUE_TIERS: ProviderFacts['queueTiers'] = {
  'gpt-5.6-luna': [5e6, 20e6, 40e6, 1e9, 15e9],
}
