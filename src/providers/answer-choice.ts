import { z } from 'zod'
import { type Answer, textOrEmpty } from './answer.ts'

/** Mistral may write content as parts; its `thinking` parts are not the answer. */
const partSchema = z.object({ type: z.string().optional(), text: z.string().nullish().catch(null) })
const contentSchema = z
  .union([
    z.string(),
    z
      .array(partSchema)
      .transform((parts) => parts.map(({ text, type }) => (type === 'text' ? (text ?? '') : '')).join('')),
  ])
  .nullish()

const messageSchema = z.object({
  content: contentSchema,
  refusal: z.string().nullish().catch(null),
  tool_calls: z.array(z.unknown()).nullish().catch(null),
  function_call: z.unknown().optional(),
})

const choiceSchema = z
  .object({
    finish_reason: z.string().nullish().catch(null),
    message: messageSchema.optional(),
    // The older completions endpoint writes plain text.
    text: z.string().optional(),
  })
  .refine(({ message, text }) => message !== undefined || text !== undefined)

const bodySchema = z.object({ choices: z.array(choiceSchema).min(1) })

/** The first choice of a chat, completions or FIM answer; with several choices the others stay in the raw line. */
export function choiceAnswer(body: unknown): Answer {
  const parsed = bodySchema.safeParse(body)
  const choice = parsed.data?.choices[0]
  if (choice === undefined) return { kind: 'misshapen' }
  const { message } = choice
  const finishReason = choice.finish_reason ?? null
  const text = message === undefined ? (choice.text ?? '') : (message.content ?? '')
  if (message?.refusal) return { kind: 'refused', code: 'refusal', reason: message.refusal, text }
  if (finishReason === 'content_filter') {
    return { kind: 'refused', code: finishReason, reason: 'a content filter stopped the answer', text }
  }
  // `model_length` is Mistral's word for the end of the context window.
  if (finishReason === 'length' || finishReason === 'model_length') return { kind: 'truncated', text, finishReason }
  if (finishReason === 'error') {
    return { kind: 'failed', code: 'answer_error', reason: 'the model stopped with an error', finishReason }
  }
  return toolAnswer(message) ?? textOrEmpty(text, finishReason)
}

/** Calls of tools are the answer where there are any, as JSON text. */
function toolAnswer(message: z.infer<typeof messageSchema> | undefined): Answer | undefined {
  const calls = message?.tool_calls ?? (message?.function_call ? [message.function_call] : [])
  if (calls.length === 0) return undefined
  return { kind: 'text', text: JSON.stringify(calls), finishReason: 'tool_calls' }
}
