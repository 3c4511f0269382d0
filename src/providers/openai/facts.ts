import type { ProviderFacts } from '../facts.ts'
import { QUEUE_TIERS } from './queue-tiers.ts'

/** What is known of OpenAI's models. */
export const OPENAI_FACTS: Partial<ProviderFacts> = {
  queueTiers: QUEUE_TIERS,
}
