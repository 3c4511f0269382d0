import type { JsonObject } from '../../../lib/json.ts'
import { refuse } from './no-equivalent.ts'

/** The line from 2.5 on thinks before it answers; thoughts are billed as output and count against the most tokens. */
const THINKING = /^gemini-(?:2\.5|[3-9])/

/** From Gemini 3 on models take a level, those before a number of tokens. */
const WITH_LEVELS = /^gemini-[3-9]/

/** Cannot be told not to think. */
const ALWAYS_THINKS = /^gemini-2\.5-pro/

const LEVELS: readonly unknown[] = ['minimal', 'low', 'medium', 'high']

/** Tokens for each effort, as Google's own OpenAI-compatible endpoint translates it (its guide, 2026). */
const BUDGETS: Readonly<Record<string, number>> = { minimal: 1_024, low: 1_024, medium: 8_192, high: 24_576 }

/** True for models known to think before they answer. */
export function isThinkingModel(model: string): boolean {
  return THINKING.test(model)
}

/** The thoughts that an effort stands for. @throws NoEquivalent for an effort that the model cannot be given */
export function thinkingFor(effort: unknown, model: string): JsonObject {
  const unknown = (): never => refuse(`the reasoning effort ${JSON.stringify(effort)} for ${model}`)
  if (WITH_LEVELS.test(model)) {
    return LEVELS.includes(effort) ? { thinkingLevel: String(effort).toUpperCase() } : unknown()
  }
  if (!THINKING.test(model)) return unknown()
  if (effort === 'none') return ALWAYS_THINKS.test(model) ? unknown() : { thinkingBudget: 0 }
  const budget = typeof effort === 'string' && Object.hasOwn(BUDGETS, effort) ? BUDGETS[effort] : undefined
  return budget === undefined ? unknown() : { thinkingBudget: budget }
}
