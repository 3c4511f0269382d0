import type { JsonObject } from '../../lib/json.ts'
import { digestOf } from '../state/identifier.ts'
import { type Ending, firstOf, modelOf, type SimulatedAnswer, type Words } from './answer.ts'
import { conversationBody, imagesBody, ocrBody, transcriptionBody, videoBody } from './media-body.ts'
import { responseBody } from './response-body.ts'
import { inputsOf, verdictBody } from './verdict-body.ts'
import type { Wording } from './wording.ts'

/** The word for each ending in a chat answer. */
const FINISH_REASONS: Readonly<Record<Wording, Readonly<Record<Ending, string>>>> = {
  openai: {
    stop: 'stop',
    length: 'length',
    refusal: 'stop',
    content_filter: 'content_filter',
    tool_call: 'tool_calls',
  },
  // Mistral's chat answers have no field for a refusal and no reason for a filter.
  mistral: { stop: 'stop', length: 'length', refusal: 'stop', content_filter: 'error', tool_call: 'tool_calls' },
}

/** Numbers of an embedding unless the request says how many; real ones have a thousand and more. */
const DEFAULT_DIMENSIONS = 8

/** The body a synchronous call of the endpoint would have returned. */
export function answerBody(endpoint: string, answer: SimulatedAnswer): JsonObject {
  const { request } = answer
  switch (endpoint) {
    case '/v1/chat/completions':
    case '/v1/fim/completions':
      return chatBody(answer)
    case '/v1/responses':
      return responseBody(answer)
    case '/v1/completions':
      return completionBody(answer)
    case '/v1/embeddings':
      return embeddingBody(answer)
    case '/v1/moderations':
    case '/v1/chat/moderations':
    case '/v1/classifications':
    case '/v1/chat/classifications':
      return { ...verdictBody(endpoint, request, answer.wording), model: modelOf(answer) }
    case '/v1/ocr':
      return ocrBody(answer)
    case '/v1/audio/transcriptions':
      return transcriptionBody(answer)
    case '/v1/conversations':
      return conversationBody(answer)
    case '/v1/images/generations':
    case '/v1/images/edits':
      return imagesBody(answer)
    case '/v1/videos':
      return videoBody(answer)
    default:
      return {
        id: `simulated-${answer.digest.slice(0, 24)}`,
        model: modelOf(answer),
        simulated: true,
        text: firstOf(answer).text,
      }
  }
}

function chatBody(answer: SimulatedAnswer): JsonObject {
  const { createdAt, wording, digest } = answer
  const choices = answer.choices.map((words, index) => {
    const message = { role: 'assistant', ...messageOf(answer, words, index) }
    const choice = { index, message, finish_reason: FINISH_REASONS[wording][words.ending] }
    return wording === 'openai' ? { ...choice, logprobs: null } : choice
  })
  return {
    id: wording === 'openai' ? `chatcmpl-${digest.slice(0, 24)}` : digest.slice(0, 32),
    object: 'chat.completion',
    created: createdAt,
    model: modelOf(answer),
    choices,
    usage: wording === 'openai' ? { ...usageOf(answer), ...NO_DETAILS } : usageOf(answer),
    ...(wording === 'openai' ? { service_tier: 'default' } : {}),
  }
}

/** Details of the tokens of a chat answer, as OpenAI counts them. */
const NO_DETAILS = {
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
}

function usageOf({ inputTokens, outputTokens }: SimulatedAnswer): JsonObject {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens }
}

function messageOf({ wording, digest }: SimulatedAnswer, { ending, text, toolCall }: Words, index: number): JsonObject {
  const nothingElse = wording === 'openai' ? { refusal: null, annotations: [] } : {}
  if (toolCall) {
    const call = { id: `call_${digest.slice(index, index + 16)}`, type: 'function', function: toolCall }
    return { content: null, tool_calls: [wording === 'openai' ? call : { ...call, index: 0 }], ...nothingElse }
  }
  if (wording === 'mistral') return { content: text, tool_calls: null }
  return ending === 'refusal' ? { content: null, ...nothingElse, refusal: text } : { content: text, ...nothingElse }
}

function completionBody(answer: SimulatedAnswer): JsonObject {
  return {
    id: `cmpl-${answer.digest.slice(0, 24)}`,
    object: 'text_completion',
    created: answer.createdAt,
    model: modelOf(answer),
    choices: answer.choices.map(({ ending, text }, index) => ({
      index,
      text,
      logprobs: null,
      finish_reason: ending === 'length' || ending === 'content_filter' ? ending : 'stop',
    })),
    usage: usageOf(answer),
  }
}

function embeddingBody(answer: SimulatedAnswer): JsonObject {
  const { request } = answer
  const dimensions = Number(request['dimensions'] ?? request['output_dimension'] ?? DEFAULT_DIMENSIONS)
  const isPacked = request['encoding_format'] === 'base64'
  const data = inputsOf(request).map((input, index) => {
    const vector = vectorOf(digestOf(answer.model, JSON.stringify(input)), dimensions)
    const packed = isPacked ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector
    return { object: 'embedding', index, embedding: packed }
  })
  const usage = { prompt_tokens: answer.inputTokens, total_tokens: answer.inputTokens }
  const body = { object: 'list', model: modelOf(answer), data, usage }
  return answer.wording === 'mistral' ? { id: `emb-${answer.digest.slice(0, 24)}`, ...body } : body
}

/** How many inputs an embedding or moderation request holds. */
export function inputCount(request: JsonObject): number {
  return inputsOf(request).length
}

/** The same text has the same vector wherever it stands; single precision, as packed vectors have it. */
function vectorOf(digest: string, dimensions: number): number[] {
  return Array.from({ length: dimensions }, (_, place) => {
    const start = (place * 5) % 56
    return Math.fround(Number.parseInt(digest.slice(start, start + 8), 16) / 2 ** 31 - 1)
  })
}
