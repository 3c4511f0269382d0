import type { ProviderEntry } from '../provider-entry.ts'
import { MISTRAL_FACTS } from './facts.ts'

export const MISTRAL: ProviderEntry = {
  name: 'mistral',
  keyVariable: 'MISTRAL_API_KEY',
  baseUrlVariable: 'MISTRAL_BASE_URL',
  defaultBaseUrl: 'https://api.mistral.ai/v1',
  facts: MISTRAL_FACTS,
  create: async (options) => (await import('./adapter.ts')).createMistralProvider(options),
}
