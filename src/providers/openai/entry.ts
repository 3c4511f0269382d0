import type { ProviderEntry } from '../provider-entry.ts'
import { OPENAI_FACTS } from './facts.ts'

export const OPENAI: ProviderEntry = {
  name: 'openai',
  keyVariable: 'OPENAI_API_KEY',
  baseUrlVariable: 'OPENAI_BASE_URL',
  defaultBaseUrl: 'https://api.openai.com/v1',
  scopeVariables: ['OPENAI_ORG_ID', 'OPENAI_PROJECT_ID'],
  facts: OPENAI_FACTS,
  create: async (options, environment) => (await import('./adapter.ts')).createScopedOpenAI(options, environment),
}
