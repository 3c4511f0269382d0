/** Body fields that limit an answer's tokens, in the words of all endpoints. */
export const LIMIT_FIELDS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const
