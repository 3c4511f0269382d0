import { z } from 'zod'
import { findProblem } from '../error-text.ts'
import { type ModelAnswer, textOrEmpty } from './answer.ts'

const partSchema = z.object({
  type: z.string(),
  text: z.string().nullish().catch(null),
  refusal: z.string().nullish().catch(null),
})
const itemSchema = z.looseObject({
  type: z.string(),
  content: z.array(partSchema).nullish().catch(null),
})
const bodySchema = z.object({
  status: z.string().nullish().catch(null),
  error: z.unknown().optional(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish().catch(null),
  output: z.array(itemSchema),
})

/** Items that ask the caller to do something, and so are the answer where there are any. */
const CALLS: readonly string[] = ['function_call', 'custom_tool_call']

/** An answer of the responses endpoint: the texts of all its messages, joined. */
export function responseAnswer(body: unknown): ModelAnswer {
  const parsed = bodySchema.safeParse(body)
  if (!parsed.success) return { kind: 'misshapen' }
  const { error, incomplete_details: incomplete, output, status } = parsed.data
  const parts = output.flatMap((item) => (item.type === 'message' ? (item.content ?? []) : []))
  const text = parts.map((part) => (part.type === 'output_text' ? (part.text ?? '') : '')).join('')
  if (status === 'failed' || status === 'cancelled') {
    const problem = findProblem(error)
    const reason = problem?.message ?? `the response is ${status}`
    return { kind: 'failed', code: problem?.code ?? `response_${status}`, reason, finishReason: status }
  }
  const refusal = parts.find((part) => part.type === 'refusal')
  if (refusal) return { kind: 'refused', code: 'refusal', reason: refusal.refusal ?? 'the model refused', text }
  if (status === 'incomplete') {
    const reason = incomplete?.reason ?? 'incomplete'
    if (reason !== 'content_filter') return { kind: 'truncated', text, finishReason: reason }
    return { kind: 'refused', code: reason, reason: 'a content filter stopped the answer', text }
  }
  const calls = output.filter((item) => CALLS.includes(item.type))
  if (calls.length > 0) return { kind: 'text', text: JSON.stringify(calls), finishReason: 'tool_calls' }
  return textOrEmpty(text, status ?? null)
}
