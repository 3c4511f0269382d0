import { z } from 'zod'
import { type Answer, textOrEmpty } from './answer.ts'
import { choiceAnswer } from './answer-choice.ts'
import { responseAnswer } from './answer-response.ts'

/** Reads the body of a successful answer by the shape of its endpoint. */
export function readAnswer(endpoint: string, body: unknown): Answer {
  if (endpoint.endsWith('/completions')) return choiceAnswer(body)
  if (endpoint.endsWith('/responses')) return responseAnswer(body)
  if (endpoint.endsWith('/embeddings')) return jsonAnswer(embeddingSchema, body)
  if (/\/(?:moderations|classifications)$/.test(endpoint)) return jsonAnswer(resultsSchema, body)
  if (endpoint.endsWith('/transcriptions')) return transcriptAnswer(body)
  return jsonAnswer(z.record(z.string(), z.unknown()), body)
}

/** One vector as itself, several as a list; vectors asked for as base64 stay text. */
const embeddingSchema = z
  .object({ data: z.array(z.object({ embedding: z.union([z.string(), z.custom<unknown[]>(Array.isArray)]) })).min(1) })
  .transform(({ data }) => oneOrAll(data.map(({ embedding }) => embedding)))

const resultsSchema = z.object({ results: z.array(z.unknown()).min(1) }).transform(({ results }) => oneOrAll(results))

const transcriptSchema = z.object({ text: z.string() })

function jsonAnswer(schema: z.ZodType, body: unknown): Answer {
  const parsed = schema.safeParse(body)
  if (!parsed.success) return { kind: 'misshapen' }
  const text = typeof parsed.data === 'string' ? parsed.data : writtenJson(parsed.data)
  return text === undefined ? { kind: 'misshapen' } : textOrEmpty(text, null)
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

function transcriptAnswer(body: unknown): Answer {
  const parsed = transcriptSchema.safeParse(body)
  return parsed.success ? textOrEmpty(parsed.data.text, null) : { kind: 'misshapen' }
}

function oneOrAll(list: readonly unknown[]): unknown {
  return list.length === 1 ? list[0] : list
}
