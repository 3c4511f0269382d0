/** A JSON Schema, as a user or a validator wrote it. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** Rules for every answer of a run. Frozen with the run, stored as JSON. */
export interface AnswerDefinition {
  /** The user's own schema: answers are checked by it, whatever dialect of it the provider was sent. */
  readonly schema: JsonSchema
  /** What the provider is told it is called: letters, digits, `_` and `-`, 64 at most. */
  readonly name: string
  /** True where the provider is asked to enforce it, so that its rules for schemas apply. */
  readonly isStrict: boolean
}

/**
 * Which schemas an endpoint enforces. `subset`: closed objects with all properties required, and a part of the keywords
 * only; the rest is refused. `closed`: closed objects with all properties required, every keyword.
 */
export type SchemaDialect = 'subset' | 'closed'

/**
 * What had to be overlooked to read JSON out of an answer. `code_fence`: it stood in a Markdown code fence. `stray_text`:
 * there was text before or after it.
 */
export const ANSWER_NOTES = ['code_fence', 'stray_text'] as const

export type AnswerNote = (typeof ANSWER_NOTES)[number]
