import { z } from 'zod'
import type { Usage } from '../model/outcome.ts'

const count = z.number().int().nonnegative().nullish().catch(null)
const promptDetails = z.object({ cached_tokens: count }).nullish().catch(null)
const completionDetails = z.object({ reasoning_tokens: count }).nullish().catch(null)

/** Chat, completions and embeddings count `prompt_tokens`, responses count `input_tokens`. */
const usageSchema = z
  .object({
    prompt_tokens: count,
    input_tokens: count,
    completion_tokens: count,
    output_tokens: count,
    prompt_tokens_details: promptDetails,
    input_tokens_details: promptDetails,
    completion_tokens_details: completionDetails,
    output_tokens_details: completionDetails,
  })
  .transform(
    (given): Usage => ({
      promptTokens: given.prompt_tokens ?? given.input_tokens ?? null,
      completionTokens: given.completion_tokens ?? given.output_tokens ?? null,
      cachedTokens: (given.prompt_tokens_details ?? given.input_tokens_details)?.cached_tokens ?? null,
      reasoningTokens: (given.completion_tokens_details ?? given.output_tokens_details)?.reasoning_tokens ?? null,
    }),
  )

/** The tokens that an answer counts, or null where it counts none at all. */
export function usageOf(body: unknown): Usage | null {
  const usage = typeof body === 'object' && body !== null ? (body as { readonly usage?: unknown }).usage : undefined
  const parsed = usageSchema.safeParse(usage)
  if (!parsed.success) return null
  return Object.values(parsed.data).some((tokens) => tokens !== null) ? parsed.data : null
}

/** True where tokens were counted, which is what providers charge for. */
export function hasSpent(usage: Usage | null): boolean {
  return usage !== null && ((usage.promptTokens ?? 0) > 0 || (usage.completionTokens ?? 0) > 0)
}
