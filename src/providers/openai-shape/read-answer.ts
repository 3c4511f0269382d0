import { z } from 'zod'
import { type ModelAnswer, textOrEmpty } from './answer.ts'
import { choiceAnswer } from './answer-choice.ts'
import { jsonAnswer } from './answer-json.ts'
import { responseAnswer } from './answer-response.ts'
import { classificationAnswer, moderationAnswer, vectorAnswer } from './answer-values.ts'

/** Reads the body of a successful answer by the shape of its endpoint; `source` is JSON text on one line that holds it. */
export function readAnswer(endpoint: string, body: unknown, source?: string): ModelAnswer {
  if (endpoint.endsWith('/completions')) return choiceAnswer(body)
  if (endpoint.endsWith('/responses')) return responseAnswer(body)
  if (endpoint.endsWith('/embeddings')) return vectorAnswer(body, source)
  if (endpoint.endsWith('/moderations')) return moderationAnswer(body)
  if (endpoint.endsWith('/classifications')) return classificationAnswer(body)
  if (endpoint.endsWith('/transcriptions')) return transcriptAnswer(body)
  return jsonAnswer(z.record(z.string(), z.unknown()), body)
}

const transcriptSchema = z.object({ text: z.string() })

function transcriptAnswer(body: unknown): ModelAnswer {
  const parsed = transcriptSchema.safeParse(body)
  return parsed.success ? textOrEmpty(parsed.data.text, null) : { kind: 'misshapen' }
}
