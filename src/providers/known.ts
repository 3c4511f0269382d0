import { CAUTIOUS_FACTS } from './cautious-facts.ts'
import type { ProviderFacts } from './facts.ts'
import type { ProviderEntry } from './provider-entry.ts'
import { PROVIDERS } from './registry.ts'

/** The facts of registered providers, completed: they are asked for at every row. */
const completed = new WeakMap<ProviderEntry, ProviderFacts>()

/** What is known of the provider of this name; of one that is not registered, what is assumed of any. */
export function factsOf(provider: string): ProviderFacts {
  const entry = Object.hasOwn(PROVIDERS, provider) ? PROVIDERS[provider] : undefined
  if (!entry) return CAUTIOUS_FACTS
  const facts = completed.get(entry) ?? { ...CAUTIOUS_FACTS, ...entry.facts }
  completed.set(entry, facts)
  return facts
}
