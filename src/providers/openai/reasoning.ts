import type { JsonObject } from '../../lib/json.ts'

/** OpenAI's models that think before they answer: the o-series, and the line from GPT-5 on. */
const REASONING = /^(?:o\d|gpt-[5-9](?!\d))(?!.*chat)/

/** Body fields that these models refuse, by OpenAI's API reference (2026-11-22). */
const REFUSED = [
  'max_tokens',
  'temperature',
  'top_p',
  'presence_penalty',
  'frequency_penalty',
  'logprobs',
  'top_logprobs',
  'logit_bias',
] as const

/** Values that mean the same as leaving the field out. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
}

/** True for models known to think before they answer; their thoughts are billed as output. */
export function isReasoningModel(model: string): boolean {
  return REASONING.test(model)
}

/** The fields of a body that its model is known to refuse. */
export function refusedFields(model: string, body: JsonObject): readonly string[] {
  if (!isReasoningModel(model)) return []
  return REFUSED.filter((field) => {
    const value = body[field]
    return value !== undefined && value !== null && value !== DEFAULTS[field]
  })
}
