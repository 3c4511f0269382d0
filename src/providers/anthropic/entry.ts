import type { ProviderEntry } from '../provider-entry.ts'
import { ANTHROPIC_FACTS } from './facts.ts'

export const ANTHROPIC: ProviderEntry = {
  name: 'anthropic',
  keyVariable: 'ANTHROPIC_API_KEY',
  baseUrlVariable: 'ANTHROPIC_BASE_URL',
  defaultBaseUrl: 'https://api.anthropic.com/v1',
  facts: ANTHROPIC_FACTS,
  sheet: {
    title: 'Anthropic',
    discount: 0.5,
    asOf: '2026-11-28',
    tested: 'the local server, its official SDK as a client of that server, and no call of the provider itself',
    page: 'docs/providers/anthropic.md',
    oddities: [
      'a batch carries no mark, so a create whose answer is lost is recognised by its results, or held until you decide',
      'an answer has a maximum of tokens in any case; where none is set, llm-batch asks for 8,192, or 16,384 where the model thinks',
      'models after Opus 4.6 do not support a temperature',
    ],
    unsure: ['how many requests may wait on tiers above the lowest; limits.queueRequests sets it'],
  },
  create: async (options) => (await import('./adapter.ts')).createAnthropicProvider(options),
}
