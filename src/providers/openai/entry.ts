import type { ProviderEntry } from '../provider-entry.ts'
import { createOpenAIProvider } from './adapter.ts'
import { OPENAI_FACTS } from './facts.ts'

export const OPENAI: ProviderEntry = {
  name: 'openai',
  keyVariable: 'OPENAI_API_KEY',
  baseUrlVariable: 'OPENAI_BASE_URL',
  defaultBaseUrl: 'https://api.openai.com/v1',
  scopeVariables: ['OPENAI_ORG_ID', 'OPENAI_PROJECT_ID'],
  facts: OPENAI_FACTS,
  create: (options, environment) =>
    createOpenAIProvider({
      ...options,
      organization: environment['OPENAI_ORG_ID'] || undefined,
      project: environment['OPENAI_PROJECT_ID'] || undefined,
    }),
}
