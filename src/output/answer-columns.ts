/** Our columns after the prefix, in the order in which they are written. */
export const ANSWER_COLUMNS = [
  'output',
  'status',
  'error',
  'finish_reason',
  'prompt_tokens',
  'completion_tokens',
  'cost_usd',
  'model',
  'id',
  'attempt',
] as const

/** Members that JSON lines have besides, in runs that ask again. */
export const TURN_COLUMNS = ['turns', 'earlier'] as const

export type AnswerColumn = (typeof ANSWER_COLUMNS)[number]

/** The names of our columns in order, such as `llm_output`. */
export function answerColumns(prefix: string): readonly string[] {
  return ANSWER_COLUMNS.map((column) => prefix + column)
}

/**
 * The input columns that bear the name of one of ours, in input order; checked before anything is sent, because one of
 * the two would be lost. Another `--prefix` helps.
 */
export function findCollisions(columns: readonly string[], prefix: string): readonly string[] {
  const ours = new Set([...ANSWER_COLUMNS, ...TURN_COLUMNS].map((column) => prefix + column))
  return columns.filter((column) => ours.has(column))
}
