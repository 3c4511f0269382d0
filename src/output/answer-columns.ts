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

/** Columns of ours that stand behind the others, where there is something to say in them. */
export const FURTHER_COLUMNS = ['source', 'raw', 'turns', 'earlier'] as const

export type AnswerColumn = (typeof ANSWER_COLUMNS)[number] | (typeof FURTHER_COLUMNS)[number]

/** The names of our columns in order, such as `llm_output`. */
export function answerColumns(prefix: string): readonly string[] {
  return ANSWER_COLUMNS.map((column) => prefix + column)
}
