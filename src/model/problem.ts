/** What can be wrong with a user's row. Codes are stable; texts are not. */
export const PROBLEM_CODES = [
  'invalid_json',
  'not_an_object',
  'invalid_encoding',
  'invalid_csv',
  'missing_column',
  'template_failed',
  'empty_placeholders',
  'empty_text',
  'not_text',
  'too_many_inputs',
  'missing_messages',
  'system_contradiction',
  'missing_custom_id',
  'missing_body',
  'missing_model',
  'model_contradiction',
  'unsupported_endpoint',
  'endpoint_contradiction',
  'unsupported_content',
  'duplicate_id',
  'missing_id',
  'lone_surrogate',
  'line_too_long',
  'request_too_large',
  'prompt_too_long',
  'column_collision',
  'prompt_function_failed',
  'streaming_not_allowed',
  'image_missing',
  'image_too_large',
  'too_many_images',
  'image_unknown',
] as const

export type ProblemCode = (typeof PROBLEM_CODES)[number]

/** Something wrong with one row of the input: data, not an exception. */
export interface Problem {
  readonly code: ProblemCode
  /** The 1-based line (or record, for formats without lines) in the user's input. */
  readonly line: number
  /** The file, as the user gave it; absent where the input is no more than one. */
  readonly file?: string
  /** One sentence for people: what is wrong, and where it helps, what to do. */
  readonly detail: string
}
