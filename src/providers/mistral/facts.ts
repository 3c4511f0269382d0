import type { ProviderFacts } from '../facts.ts'

/** What is known of Mistral's models. */
export const MISTRAL_FACTS: Partial<ProviderFacts> = {}
