import type { RunDefinition } from '../model/run.ts'

/** A JSON Schema of the answers. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What the answers of a run are: text, or JSON, by a schema or of a form that only the answers show. */
export type AnswerShape = { readonly kind: 'text' } | { readonly kind: 'json'; readonly schema: JsonSchema | null }

/** The shape that a run's definition gives its answers. */
export function answerShapeOf(_definition: RunDefinition): AnswerShape {
  return { kind: 'text' }
}
