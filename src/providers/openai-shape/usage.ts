import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import type { Usage } from '../../model/outcome.ts'

/**
 * The tokens that an answer counts, or null where it counts none at all. Chat, completions and embeddings count
 * `prompt_tokens`, responses count `input_tokens`. Read without a schema: it is done for every line, twice. What was written
 * to a cache is told only where the answer does.
 */
export function usageOf(body: unknown): Usage | null {
  const given = objectOf(objectOf(body)?.['usage'])
  if (given === null) return null
  const prompt = objectOf(given['prompt_tokens_details']) ?? objectOf(given['input_tokens_details'])
  const completion = objectOf(given['completion_tokens_details']) ?? objectOf(given['output_tokens_details'])
  const usage = {
    promptTokens: countOf(given['prompt_tokens']) ?? countOf(given['input_tokens']),
    completionTokens: countOf(given['completion_tokens']) ?? countOf(given['output_tokens']),
    cachedTokens: countOf(prompt?.['cached_tokens']),
    reasoningTokens: countOf(completion?.['reasoning_tokens']),
  }
  if (!isCounted(usage)) return null
  const cacheWriteTokens = countOf(prompt?.['cache_write_tokens'])
  // Most answers have written nothing, and a number of each would take room.
  if (!cacheWriteTokens) return usage
  return { ...usage, cacheWriteTokens, hourWriteTokens: countOf(prompt?.['cache_write_hour_tokens']) }
}

/** True where tokens were counted, which is what providers charge for. */
export function hasSpent(usage: Usage | null): boolean {
  return usage !== null && ((usage.promptTokens ?? 0) > 0 || (usage.completionTokens ?? 0) > 0)
}

function isCounted({ cachedTokens, completionTokens, promptTokens, reasoningTokens }: Usage): boolean {
  return promptTokens !== null || completionTokens !== null || cachedTokens !== null || reasoningTokens !== null
}

function objectOf(value: unknown): JsonObject | null {
  return isJsonObject(value) ? value : null
}

/** More than any answer can have: a larger count is a fault, and sums of it could not be kept. */
const MOST_TOKENS = 1e9

/**
 * A whole number from 0, cut to what can be; anything else counts as not given. What is far too large is still counted,
 * because tokens that were told are what proves an answer billed.
 */
function countOf(value: unknown): number | null {
  if (value === Number.POSITIVE_INFINITY) return MOST_TOKENS
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? Math.min(value, MOST_TOKENS) : null
}
