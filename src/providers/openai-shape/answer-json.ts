import type { z } from 'zod'
import type { ModelAnswer } from './answer.ts'

/** What the schema makes of a body, as JSON text; misshapen where it fits not, or nests so deep that it cannot be written. */
export function jsonAnswer(schema: z.ZodType, body: unknown): ModelAnswer {
  const parsed = schema.safeParse(body)
  const text = parsed.success ? writtenJson(parsed.data) : undefined
  return text === undefined ? { kind: 'misshapen' } : { kind: 'text', text, isJson: true, finishReason: null }
}

/** The value as JSON text; undefined where it nests so deep that it can be read but not written. */
function writtenJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
