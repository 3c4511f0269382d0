import { CAUTIOUS_FACTS } from './cautious-facts.ts'
import type { ProviderFacts } from './facts.ts'
import { PROVIDERS } from './registry.ts'

/** What is known of the provider of this name; of one that is not registered, what is assumed of any. */
export function factsOf(provider: string): ProviderFacts {
  const known = Object.hasOwn(PROVIDERS, provider) ? PROVIDERS[provider]?.facts : undefined
  return known ? { ...CAUTIOUS_FACTS, ...known } : CAUTIOUS_FACTS
}
