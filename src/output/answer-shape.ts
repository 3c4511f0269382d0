import { isWritten } from '../model/endpoint.ts'
import type { RunDefinition } from '../model/run.ts'

/** What the answers of a whole run are: text, or JSON that fits a schema. */
export type AnswerShape =
  | { readonly kind: 'text' }
  | { readonly kind: 'json'; readonly schema: Readonly<Record<string, unknown>> }

const VECTOR = { type: 'array', items: { type: 'number' } } as const

/** The shape that a run's definition promises for every usable answer. */
export function answerShapeOf({
  endpoint,
  hasTextLists,
  parameters,
}: Pick<RunDefinition, 'endpoint' | 'hasTextLists' | 'parameters'>): AnswerShape {
  if (endpoint !== null && !isWritten(endpoint)) {
    const one = endpoint.endsWith('/embeddings') ? VECTOR : { type: 'object' }
    return { kind: 'json', schema: hasTextLists ? { type: 'array', items: one } : one }
  }
  const { n } = parameters
  if (typeof n === 'number' && n > 1) return { kind: 'json', schema: { type: 'array', items: { type: 'string' } } }
  return { kind: 'text' }
}
