/** Words of an answer. */
interface Written {
  readonly text: string
  /** True where the text is JSON: a vector, a verdict, or the list of several texts. @default false */
  readonly isJson?: boolean
}

/** Content of a body with status 200. */
export type ModelAnswer =
  | (Written & { readonly kind: 'text'; readonly finishReason: string | null })
  /** Cut off at the token limit; what there is of it. */
  | (Written & { readonly kind: 'truncated'; readonly finishReason: string })
  /** The model or a filter declined; `text` is what was written before. */
  | (Written & { readonly kind: 'refused'; readonly code: string; readonly reason: string })
  | (Partial<Written> & {
      readonly kind: 'failed'
      readonly code: string
      readonly reason: string
      readonly finishReason: string | null
    })
  /** Not what this endpoint answers with. */
  | { readonly kind: 'misshapen' }

/** An answer that has the shape of its endpoint. */
export type ShapedAnswer = Exclude<ModelAnswer, { readonly kind: 'misshapen' }>

/** The text of an answer, or the failure that its absence is: the tokens were spent, yet nothing can be used. */
export function textOrEmpty(text: string, finishReason: string | null): ShapedAnswer {
  if (text.trim() !== '') return { kind: 'text', text, finishReason }
  return { kind: 'failed', code: 'empty_answer', reason: 'the model gave an empty answer', finishReason }
}
