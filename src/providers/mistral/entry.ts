import type { ProviderEntry } from '../provider-entry.ts'
import { MISTRAL_FACTS } from './facts.ts'

export const MISTRAL: ProviderEntry = {
  name: 'mistral',
  conventionName: 'mistral_ai',
  keyVariable: 'MISTRAL_API_KEY',
  baseUrlVariable: 'MISTRAL_BASE_URL',
  defaultBaseUrl: 'https://api.mistral.ai/v1',
  facts: MISTRAL_FACTS,
  sheet: {
    title: 'Mistral',
    discount: 0.5,
    asOf: '2026-11-28',
    tested: 'the local server, its official SDK as a client of that server, and no call of the provider itself',
    page: 'docs/providers/mistral.md',
  },
  create: async (options) => (await import('./adapter.ts')).createMistralProvider(options),
}
