import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import type { ParameterPlace } from './parameter-refusal.ts'
import type { Wording } from './wording.ts'

/** Characters of one piece of a streamed text. */
const PIECE = 16

/** A whole answer as the server-sent events of its endpoint; undefined where the endpoint does not stream. */
export function streamEvents(
  { body, wording, endpoint }: ParameterPlace,
  answer: JsonObject,
): readonly string[] | undefined {
  switch (endpoint) {
    case '/v1/chat/completions':
    case '/v1/fim/completions':
      return streamed(wording, body, answer, choicesOf(answer).flatMap(chatChoices))
    case '/v1/completions':
      return streamed(wording, body, answer, choicesOf(answer).flatMap(completionChoices))
    case '/v1/responses':
      return responseEvents(answer)
    default:
      return undefined
  }
}

const END = 'data: [DONE]\n\n'

/** The role, the text in pieces or what came in place of it, and the end. */
function chatChoices(choice: JsonObject): readonly JsonObject[] {
  const { index, logprobs } = choice
  const message = isJsonObject(choice['message']) ? choice['message'] : {}
  const { content, role, tool_calls: calls, ...rest } = message
  const chunk = (delta: JsonObject, reason: unknown = null): JsonObject => ({
    index,
    delta,
    ...(logprobs === undefined ? {} : { logprobs }),
    finish_reason: reason,
  })
  const toolCalls = Array.isArray(calls) ? calls.map((call: object, place) => ({ index: place, ...call })) : []
  return [
    chunk({ role, content: '' }),
    ...piecesOf(stringOf(content) ?? '').map((piece) => chunk({ content: piece })),
    ...(toolCalls.length > 0 ? [chunk({ tool_calls: toolCalls })] : []),
    ...(typeof rest['refusal'] === 'string' ? [chunk({ refusal: rest['refusal'] })] : []),
    chunk({}, choice['finish_reason']),
  ]
}

function completionChoices(choice: JsonObject): readonly JsonObject[] {
  const pieces = piecesOf(stringOf(choice['text']) ?? '')
  return [...pieces.map((text) => ({ ...choice, text, finish_reason: null })), { ...choice, text: '' }]
}

/** A chunk for each choice. OpenAI counts tokens in a further one, where the client asks for it, Mistral in the last one. */
function streamed(
  wording: Wording,
  request: JsonObject,
  { usage, ...answer }: JsonObject,
  choices: readonly JsonObject[],
): readonly string[] {
  const object = answer['object'] === 'chat.completion' ? 'chat.completion.chunk' : answer['object']
  const chunks = choices.map((choice) => ({ ...answer, object, choices: [choice] }))
  const options = isJsonObject(request['stream_options']) ? request['stream_options'] : {}
  if (wording === 'openai') {
    const counts = options['include_usage'] === true ? [{ ...answer, object, choices: [], usage }] : []
    return [...[...chunks, ...counts].map(dataLine), END]
  }
  return [...chunks.map((chunk, place) => dataLine(place === chunks.length - 1 ? { ...chunk, usage } : chunk)), END]
}

/** The events of `/v1/responses` for an answer of one item. */
function responseEvents(answer: JsonObject): readonly string[] {
  const [item] = Array.isArray(answer['output']) ? answer['output'].filter(isJsonObject) : []
  const begun = { ...answer, status: 'in_progress', output: [], usage: null, incomplete_details: null }
  const events: JsonObject[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...(item ? itemEvents(item) : []),
    { type: answer['status'] === 'incomplete' ? 'response.incomplete' : 'response.completed', response: answer },
  ]
  return events.map(
    (event, number) => `event: ${String(event['type'])}\n${dataLine({ ...event, sequence_number: number })}`,
  )
}

function itemEvents(item: JsonObject): readonly JsonObject[] {
  const place = { output_index: 0, item_id: item['id'] }
  const isCall = item['type'] === 'function_call'
  const open = { ...item, status: 'in_progress', ...(isCall ? { arguments: '' } : { content: [] }) }
  const { arguments: given, name } = item
  const inner = isCall
    ? [
        { type: 'response.function_call_arguments.delta', ...place, delta: given },
        { type: 'response.function_call_arguments.done', ...place, name, arguments: given },
      ]
    : partEvents(item, place)
  return [
    { type: 'response.output_item.added', output_index: 0, item: open },
    ...inner,
    { type: 'response.output_item.done', output_index: 0, item },
  ]
}

function partEvents(item: JsonObject, place: JsonObject): readonly JsonObject[] {
  const [part] = Array.isArray(item['content']) ? item['content'].filter(isJsonObject) : []
  if (!part) return []
  const where = { ...place, content_index: 0 }
  const isRefusal = part['type'] === 'refusal'
  const text = stringOf(isRefusal ? part['refusal'] : part['text']) ?? ''
  const kind = isRefusal ? 'response.refusal' : 'response.output_text'
  const logprobs = isRefusal ? {} : { logprobs: [] }
  const empty = isRefusal ? { ...part, refusal: '' } : { ...part, text: '' }
  return [
    { type: 'response.content_part.added', ...where, part: empty },
    ...piecesOf(text).map((delta) => ({ type: `${kind}.delta`, ...where, delta, ...logprobs })),
    { type: `${kind}.done`, ...where, ...(isRefusal ? { refusal: text } : { text, ...logprobs }) },
    { type: 'response.content_part.done', ...where, part },
  ]
}

function choicesOf(answer: JsonObject): readonly JsonObject[] {
  return Array.isArray(answer['choices']) ? answer['choices'].filter(isJsonObject) : []
}

/** A text in pieces; a character beyond the first 65,536 is never cut in two. */
function piecesOf(text: string): readonly string[] {
  const characters = Array.from(text)
  const pieces: string[] = []
  for (let at = 0; at < characters.length; at += PIECE) pieces.push(characters.slice(at, at + PIECE).join(''))
  return pieces
}

function dataLine(value: JsonObject): string {
  return `data: ${JSON.stringify(value)}\n\n`
}
