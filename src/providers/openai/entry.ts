import type { ProviderEntry } from '../provider-entry.ts'
import { OPENAI_FACTS } from './facts.ts'

export const OPENAI: ProviderEntry = {
  name: 'openai',
  keyVariable: 'OPENAI_API_KEY',
  baseUrlVariable: 'OPENAI_BASE_URL',
  defaultBaseUrl: 'https://api.openai.com/v1',
  scopeVariables: ['OPENAI_ORG_ID', 'OPENAI_PROJECT_ID'],
  webhooks: {
    secretVariable: 'OPENAI_WEBHOOK_SECRET',
    events: ['batch.completed', 'batch.failed', 'batch.expired', 'batch.cancelled'],
    registration: 'in the settings of the project, under Webhooks',
  },
  facts: OPENAI_FACTS,
  sheet: {
    title: 'OpenAI',
    discount: 0.5,
    asOf: '2026-11-28',
    tested: 'the local server, its official SDK as a client of that server, and no call of the provider itself',
    page: 'docs/providers/openai.md',
  },
  create: async (options, environment) => (await import('./adapter.ts')).createScopedOpenAI(options, environment),
}
