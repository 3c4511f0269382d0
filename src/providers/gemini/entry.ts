import type { ProviderEntry } from '../provider-entry.ts'
import { GEMINI_FACTS } from './facts.ts'

export const GEMINI: ProviderEntry = {
  name: 'gemini',
  conventionName: 'gcp.gemini',
  keyVariable: 'GEMINI_API_KEY',
  otherKeyVariable: 'GOOGLE_API_KEY',
  baseUrlVariable: 'GEMINI_BASE_URL',
  defaultBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  webhooks: {
    secretVariable: 'GEMINI_WEBHOOK_SECRET',
    events: ['batch.succeeded', 'batch.failed', 'batch.expired'],
    registration: 'with client.webhooks.create of @google/genai, which shows the secret once',
    unsure:
      'Webhooks of Gemini are a preview; whether an event names a batch with or without "batches/" does not matter.',
  },
  facts: GEMINI_FACTS,
  sheet: {
    title: 'Gemini',
    discount: 0.5,
    asOf: '2026-11-28',
    tested: 'the local server, its official SDK as a client of that server, and no call of the provider itself',
    page: 'docs/providers/gemini.md',
    oddities: [
      'A batch that expires leaves no results, so batches have 10,000 requests at most.',
      'The name of a batch is its only mark.',
      'Images by a URL of the web are refused; give the files.',
    ],
    unsure: [
      'Whether a batch that failed or expired bills anything is not documented.',
      'Whether a create with a deleted file always fails is not documented.',
    ],
  },
  create: async (options) => (await import('./adapter.ts')).createGeminiProvider(options),
}
