import type { JsonSchema } from '../model/answer.ts'
import { isWritten } from '../model/endpoint.ts'
import type { RunDefinition } from '../model/run.ts'

/** Shape of the answers of a whole run: text, or JSON, by a schema or of a form that only the answers show. */
export type AnswerShape = { readonly kind: 'text' } | { readonly kind: 'json'; readonly schema: JsonSchema | null }

const VECTOR = { type: 'array', items: { type: 'number' } } as const

/** The shape that a run's definition promises for every usable answer. */
export function answerShapeOf({
  answer,
  endpoint,
  hasTextLists,
  parameters,
}: Pick<RunDefinition, 'answer' | 'endpoint' | 'hasTextLists' | 'parameters'>): AnswerShape {
  if (answer !== null) return { kind: 'json', schema: answer.schema }
  if (endpoint !== null && !isWritten(endpoint)) {
    const one = endpoint.endsWith('/embeddings') ? VECTOR : null
    return { kind: 'json', schema: hasTextLists && one !== null ? { type: 'array', items: one } : one }
  }
  const { n } = parameters
  if (typeof n === 'number' && n > 1) return { kind: 'json', schema: { type: 'array', items: { type: 'string' } } }
  return { kind: 'text' }
}
