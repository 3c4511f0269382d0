import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  SharedV4Warning,
} from '@ai-sdk/provider'
import { LlmBatchError } from '../model/error.ts'
import { CHAT_ENDPOINT } from '../model/target.ts'
import type { SynchronousReply } from '../providers/provider.ts'
import type { Call } from './call.ts'
import { type CallPlaces, type FetchArguments, readCall } from './call-request.ts'

/** Maker of models that speak through a `fetch`, such as a provider of the AI SDK. */
export interface ModelSource {
  languageModel(modelId: string): LanguageModelV4
}

/** Gives a source of models whose calls go through this `fetch`. */
export type ConnectModels = (fetch: typeof globalThis.fetch) => ModelSource

/** The call that a model makes of a request, and what the model says it leaves out. */
export interface ModelCall {
  readonly call: Call
  readonly warnings: readonly SharedV4Warning[]
}

/** Answers that say nothing, by endpoint: a model tells its warnings only with an answer. */
const EMPTY_REPLIES: ReadonlyMap<string, object> = new Map<string, object>([
  [
    CHAT_ENDPOINT,
    {
      id: 'none',
      object: 'chat.completion',
      created: 0,
      model: 'none',
      choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    },
  ],
  [
    '/v1/responses',
    {
      id: 'none',
      object: 'response',
      created_at: 0,
      model: 'none',
      output: [],
      usage: { input_tokens: 0, output_tokens: 0 },
    },
  ],
  [
    '/v1/messages',
    {
      id: 'none',
      type: 'message',
      role: 'assistant',
      model: 'none',
      content: [],
      stop_reason: 'end_turn',
      usage: { input_tokens: 0, output_tokens: 0 },
    },
  ],
])

/** Any question: a model reads an answer in the same way whatever was asked. */
const ANY_QUESTION: LanguageModelV4CallOptions = {
  prompt: [{ role: 'user', content: [{ type: 'text', text: '-' }] }],
}

/**
 * Models of an SDK, used for what they know: to write a request in the provider's words, and to read its answer. What they
 * would send is kept here and goes nowhere.
 */
export class ModelCalls {
  readonly #models: ModelSource
  readonly #places: CallPlaces
  /** Answers the one call that a model makes at a time. */
  #answer: (given: FetchArguments) => Promise<Response> = () => Promise.reject(new Error('no call is made'))

  constructor(connect: ConnectModels, places: CallPlaces) {
    this.#models = connect((...given) => this.#answer(given))
    this.#places = places
  }

  /** Writes the call that a model would make. Throws `usage` for one that batches do not take. */
  async write(modelId: string, options: LanguageModelV4CallOptions): Promise<ModelCall> {
    let call: Call | undefined
    let refusal: string | undefined
    this.#answer = async ([input, init]) => {
      const read = await readCall([withoutVersion(input), init], this.#places)
      if ('why' in read) {
        refusal = read.why
        throw new Error(read.why)
      }
      call = read.call
      return Response.json(EMPTY_REPLIES.get(read.call.endpoint) ?? {})
    }
    try {
      const { warnings } = await this.#models.languageModel(modelId).doGenerate(options)
      if (call) return { call, warnings }
    } catch (error) {
      // Not every model takes an empty answer; then it has told no warnings, but what it sends is known.
      if (call) return { call, warnings: [] }
      if (refusal === undefined) throw error
    }
    throw new LlmBatchError('usage', refusal ?? `the model ${modelId} made no call`, {
      next: 'Ask it outside of batches.',
    })
  }

  /** Reads an answer as the model would. Throws what the model throws, for an answer that is an error too. */
  async read(modelId: string, { body, status }: SynchronousReply): Promise<LanguageModelV4GenerateResult> {
    this.#answer = () => Promise.resolve(Response.json(JSON.parse(body), { status }))
    return await this.#models.languageModel(modelId).doGenerate(ANY_QUESTION)
  }
}

/** Azure's clients name the version of its API behind each address; the rows of batches do not. */
function withoutVersion(input: FetchArguments[0]): FetchArguments[0] {
  if (input instanceof Request) return input
  const url = new URL(input)
  url.searchParams.delete('api-version')
  return url
}
