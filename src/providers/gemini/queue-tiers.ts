import type { ProviderFacts } from '../facts.ts'

/** There are three tiers; a table has places for five. */
const NONE = [null, null] as const

const PRO = [5e6, 500e6, 1e9, ...NONE]
const FLASH = [3e6, 400e6, 1e9, ...NONE]
const FLASH_LITE = [10e6, 500e6, 1e9, ...NONE]

/**
 * Input tokens that may wait for a model in tiers 1 to 3, over all its open batches (page on limits, 2026-11-22, which
 * names lines of models). They change often, so the table counts only where the user names a tier.
 */
export const QUEUE_TIERS: ProviderFacts['queueTiers'] = {
  'gemini-2.5-pro': PRO,
  'gemini-3.1-pro-preview': PRO,
  'gemini-2.5-flash': FLASH,
  'gemini-3-flash-preview': FLASH,
  'gemini-2.5-flash-lite': FLASH_LITE,
  'gemini-2.0-flash': [10e6, 1e9, 5e9, ...NONE],
  'gemini-embedding-001': [5e5, 5e6, 10e6, ...NONE],
}
