import { isJsonObject, type JsonObject, stringOf } from '../../../lib/json.ts'
import { refuse } from './no-equivalent.ts'
import { textParts } from './parts.ts'

/** The calls of tools that an assistant's message holds, as parts. */
export function callsOf(calls: unknown): readonly JsonObject[] {
  return Array.isArray(calls) ? calls.map(callPart) : []
}

function callPart(call: unknown): JsonObject {
  const { name, arguments: given } = functionIn(call)
  if (typeof name !== 'string') refuse('a call of a tool without a name')
  const args = objectIn(given)
  if (args === undefined) refuse(`the arguments of ${name}, which are not a JSON object`)
  const id = isJsonObject(call) ? call['id'] : undefined
  const functionCall = typeof id === 'string' ? { id, name, args } : { name, args }
  const signature = signatureOf(call)
  return signature === undefined ? { functionCall } : { functionCall, thoughtSignature: signature }
}

/** What a model thought before a call; Gemini wants it back, and its OpenAI-compatible endpoint writes it here. */
function signatureOf(call: unknown): string | undefined {
  const extra = isJsonObject(call) ? call['extra_content'] : undefined
  const google = isJsonObject(extra) ? extra['google'] : undefined
  return isJsonObject(google) ? stringOf(google['thought_signature']) : undefined
}

/** A tool's answer as a part; it must name the tool, which only the call before it does. */
export function responseTo({ content, tool_call_id: id }: JsonObject, before: readonly JsonObject[]): JsonObject {
  const calls = before.flatMap(({ tool_calls: made }) => (Array.isArray(made) ? (made as unknown[]) : []))
  const call = calls.find((made) => isJsonObject(made) && made['id'] === id)
  const { name } = functionIn(call)
  if (typeof id !== 'string' || typeof name !== 'string') refuse('the answer of a tool that was not called before')
  const text = textParts(content).map((part) => String(part['text']))
  const whole = text.join('')
  return { functionResponse: { id, name, response: objectIn(whole) ?? { result: whole } } }
}

function functionIn(call: unknown): JsonObject {
  return isJsonObject(call) && isJsonObject(call['function']) ? call['function'] : {}
}

/** The object that a text holds as JSON; undefined for any other text. */
function objectIn(text: unknown): JsonObject | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    // Text that is not JSON is one of the two answers.
    return undefined
  }
}
