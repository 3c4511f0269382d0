import { digestOf } from '../state/identifier.ts'
import type { DialectName } from '../state/record.ts'
import type { JsonObject } from './json.ts'
import { inputsOf, verdictBody } from './verdict-body.ts'

/** What an answer consists of, before it takes the shape of an endpoint. */
export interface Answer {
  readonly dialect: DialectName
  readonly model: string
  /** One, or as many as were asked for. */
  readonly choices: readonly Words[]
  readonly inputTokens: number
  readonly outputTokens: number
  readonly digest: string
  /** Epoch seconds. */
  readonly createdAt: number
}

/** What the model wrote, and why it stopped. */
export interface Words {
  readonly text: string
  readonly ending: Ending
}

/** How an answer ended. */
export type Ending = 'stop' | 'length' | 'refusal' | 'content_filter' | 'tool_call'

/** The word for each ending in a chat answer. */
const FINISH_REASONS: Readonly<Record<DialectName, Readonly<Record<Ending, string>>>> = {
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
export function answerBody(endpoint: string, request: JsonObject, answer: Answer): JsonObject {
  switch (endpoint) {
    case '/v1/chat/completions':
    case '/v1/fim/completions':
      return chatBody(answer)
    case '/v1/responses':
      return responseBody(answer)
    case '/v1/completions':
      return completionBody(answer)
    case '/v1/embeddings':
      return embeddingBody(request, answer)
    case '/v1/moderations':
    case '/v1/chat/moderations':
    case '/v1/classifications':
    case '/v1/chat/classifications':
      return { ...verdictBody(endpoint, request, answer.dialect), model: modelOf(answer) }
    default:
      return {
        id: `simulated-${answer.digest.slice(0, 24)}`,
        model: modelOf(answer),
        simulated: true,
        text: firstOf(answer).text,
      }
  }
}

/** The model as the answer names it: OpenAI answers with a dated snapshot. */
function modelOf(answer: Answer): string {
  const isSnapshot = /\d{4}-?\d{2}-?\d{2}$/.test(answer.model)
  return answer.dialect === 'openai' && !isSnapshot ? `${answer.model}-2026-01-15` : answer.model
}

/** Endpoints that give one answer give the first. */
function firstOf({ choices }: Answer): Words {
  return choices[0] ?? { text: '', ending: 'stop' }
}

function chatBody(answer: Answer): JsonObject {
  const choices = answer.choices.map((words, index) => {
    const message =
      words.ending === 'tool_call' ? { content: null, tool_calls: [toolCall(answer)] } : wordsOf(answer, words)
    const reason = FINISH_REASONS[answer.dialect][words.ending]
    return { index, message: { role: 'assistant', ...message }, finish_reason: reason }
  })
  return {
    id: answer.dialect === 'openai' ? `chatcmpl-${answer.digest.slice(0, 24)}` : answer.digest.slice(0, 32),
    object: 'chat.completion',
    created: answer.createdAt,
    model: modelOf(answer),
    choices,
    usage: {
      prompt_tokens: answer.inputTokens,
      completion_tokens: answer.outputTokens,
      total_tokens: answer.inputTokens + answer.outputTokens,
    },
  }
}

function wordsOf({ dialect }: Answer, { ending, text }: Words): JsonObject {
  if (dialect === 'mistral') return { content: text, tool_calls: null }
  return ending === 'refusal' ? { content: null, refusal: text } : { content: text, refusal: null }
}

function toolCall(answer: Answer): JsonObject {
  const call = { name: 'simulated', arguments: '{"simulated":true}' }
  return { id: `call_${answer.digest.slice(0, 16)}`, type: 'function', function: call }
}

function responseBody(answer: Answer): JsonObject {
  const { ending, text } = firstOf(answer)
  const isCut = ending === 'length' || ending === 'content_filter'
  const words =
    ending === 'refusal' ? { type: 'refusal', refusal: text } : { type: 'output_text', text, annotations: [] }
  const message = { type: 'message', id: `msg_${answer.digest.slice(0, 24)}`, role: 'assistant', content: [words] }
  const call = { type: 'function_call', ...(toolCall(answer)['function'] as JsonObject), call_id: 'call_simulated' }
  return {
    id: `resp_${answer.digest.slice(0, 32)}`,
    object: 'response',
    created_at: answer.createdAt,
    status: isCut ? 'incomplete' : 'completed',
    incomplete_details: isCut ? { reason: ending === 'length' ? 'max_output_tokens' : 'content_filter' } : null,
    error: null,
    model: modelOf(answer),
    output: [{ ...(ending === 'tool_call' ? call : message), status: isCut ? 'incomplete' : 'completed' }],
    usage: {
      input_tokens: answer.inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: answer.outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: answer.inputTokens + answer.outputTokens,
    },
  }
}

function completionBody(answer: Answer): JsonObject {
  return {
    id: `cmpl-${answer.digest.slice(0, 24)}`,
    object: 'text_completion',
    created: answer.createdAt,
    model: modelOf(answer),
    choices: answer.choices.map(({ ending, text }, index) => ({ index, text, logprobs: null, finish_reason: ending })),
    usage: {
      prompt_tokens: answer.inputTokens,
      completion_tokens: answer.outputTokens,
      total_tokens: answer.inputTokens + answer.outputTokens,
    },
  }
}

function embeddingBody(request: JsonObject, answer: Answer): JsonObject {
  const dimensions = Number(request['dimensions'] ?? request['output_dimension'] ?? DEFAULT_DIMENSIONS)
  const isPacked = request['encoding_format'] === 'base64'
  const data = inputsOf(request).map((input, index) => {
    const vector = vectorOf(digestOf(answer.model, JSON.stringify(input)), dimensions)
    const packed = isPacked ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector
    return { object: 'embedding', index, embedding: packed }
  })
  const usage = { prompt_tokens: answer.inputTokens, total_tokens: answer.inputTokens }
  const body = { object: 'list', model: modelOf(answer), data, usage }
  return answer.dialect === 'mistral' ? { id: `emb-${answer.digest.slice(0, 24)}`, ...body } : body
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
