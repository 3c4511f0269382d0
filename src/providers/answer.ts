/** What a body with status 200 says. */
export type Answer =
  | { readonly kind: 'text'; readonly text: string; readonly finishReason: string | null }
  /** Cut off at the token limit; what there is of it. */
  | { readonly kind: 'truncated'; readonly text: string; readonly finishReason: string }
  /** The model or a filter declined; `text` is what was written before. */
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string; readonly text: string }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string; readonly finishReason: string | null }
  /** Not what this endpoint answers with. */
  | { readonly kind: 'misshapen' }

/** The text of an answer, or the failure that its absence is: the tokens were spent, yet nothing can be used. */
export function textOrEmpty(text: string, finishReason: string | null): Answer {
  if (text.trim() !== '') return { kind: 'text', text, finishReason }
  return { kind: 'failed', code: 'empty_answer', reason: 'the model answered with nothing', finishReason }
}
