import { isJsonObject, type JsonObject } from '../../lib/json.ts'

/**
 * The tokens of an answer as OpenAI counts them: what a tool added to the prompt belongs to it, and thoughts to the answer,
 * from which Gemini leaves them out. Empty where nothing is counted.
 */
export function usageIn(given: unknown): JsonObject {
  if (!isJsonObject(given)) return {}
  const thoughts = countOf(given['thoughtsTokenCount'])
  return {
    usage: {
      prompt_tokens: sum(countOf(given['promptTokenCount']), countOf(given['toolUsePromptTokenCount'])),
      completion_tokens: sum(countOf(given['candidatesTokenCount']), thoughts),
      prompt_tokens_details: { cached_tokens: countOf(given['cachedContentTokenCount']) },
      completion_tokens_details: { reasoning_tokens: thoughts },
    },
  }
}

/** Numbers may be texts. */
function countOf(value: unknown): number | undefined {
  const count = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof count === 'number' && !Number.isNaN(count) ? count : undefined
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined && other === undefined ? undefined : (one ?? 0) + (other ?? 0)
}
