import type { ProviderEntry } from '../provider-entry.ts'
import { GEMINI_FACTS } from './facts.ts'

export const GEMINI: ProviderEntry = {
  name: 'gemini',
  keyVariable: 'GEMINI_API_KEY',
  otherKeyVariable: 'GOOGLE_API_KEY',
  baseUrlVariable: 'GEMINI_BASE_URL',
  defaultBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  facts: GEMINI_FACTS,
  create: async (options) => (await import('./adapter.ts')).createGeminiProvider(options),
}
