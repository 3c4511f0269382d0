import { z } from 'zod'
import { type ModelAnswer, type ShapedAnswer, textOrEmpty } from './answer.ts'

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

type Choice = z.infer<typeof choiceSchema>

/** A chat, completions or FIM answer: its text, or the JSON list of all texts where several were asked for. */
export function choiceAnswer(body: unknown): ModelAnswer {
  const parsed = bodySchema.safeParse(body)
  const [first, ...others] = (parsed.data?.choices ?? []).map(oneAnswer)
  if (first === undefined) return { kind: 'misshapen' }
  return others.length === 0 ? first : listAnswer([first, ...others])
}

/** One that is cut off, refused or empty makes the whole of them so; the texts of the others are there all the same. */
function listAnswer(answers: readonly [ShapedAnswer, ...ShapedAnswer[]]): ShapedAnswer {
  const flawed = answers.find(({ kind }) => kind !== 'text')
  const list = answers.map(({ text }) => text ?? '')
  return { ...(flawed ?? answers[0]), text: JSON.stringify(list), isJson: true }
}

function oneAnswer(choice: Choice): ShapedAnswer {
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
function toolAnswer(message: z.infer<typeof messageSchema> | undefined): ShapedAnswer | undefined {
  const calls = message?.tool_calls ?? (message?.function_call ? [message.function_call] : [])
  if (calls.length === 0) return undefined
  return { kind: 'text', text: JSON.stringify(calls), finishReason: 'tool_calls' }
}
