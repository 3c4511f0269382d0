import type { ProviderFacts } from '../facts.ts'
import { CONTEXT_WINDOWS } from './context-windows.ts'
import { messageParts } from './message-parts.ts'
import { PRICES } from './prices.ts'

/** What the vision models make of the largest picture they look at (1,540 pixels in squares of 28), and more. */
const IMAGE_TOKENS = 4_096

/** What is known of Mistral's models. */
export const MISTRAL_FACTS: Partial<ProviderFacts> = {
  prices: PRICES,
  contextWindows: CONTEXT_WINDOWS,
  furtherModels: ['magistral-small-latest', 'magistral-medium-latest', 'codestral-latest', 'codestral-embed'],
  imageTokens: () => IMAGE_TOKENS,
  messageParts,
}
