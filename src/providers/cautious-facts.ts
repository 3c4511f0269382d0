import type { ProviderFacts } from './facts.ts'

/** What is assumed of a provider of which nothing is known: nothing is cheap, nothing is offered. */
export const CAUTIOUS_FACTS: ProviderFacts = {
  queueTiers: {},
}
