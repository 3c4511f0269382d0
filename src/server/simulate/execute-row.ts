import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { isWritten } from '../../model/endpoint.ts'
import { DIALECT } from '../dialects.ts'
import type { CacheUse } from '../prompt-caches.ts'
import { digestOf } from '../state/identifier.ts'
import type { Booking } from '../state/ledger.ts'
import type { DialectName } from '../state/record.ts'
import type { Words } from './answer.ts'
import { answerBody, inputCount } from './answer-body.ts'
import { type AnswerMix, flawOf, NO_FLAWS } from './answer-mix.ts'
import { type FoundDirective, findDirective } from './directive.ts'
import { type AnswerFunction, askFunction, type GivenAnswer, NoAnswer, usageIn } from './given-answer.ts'
import { refusedParameter } from './parameter-check.ts'
import { refusal } from './parameter-refusal.ts'
import { nonceOf, promptOf, tokensOf } from './prompt.ts'
import { type ApiError, usualError } from './provider-error.ts'
import { missingField } from './required-field.ts'
import { SchemaTooLarge } from './schema-value.ts'
import { answerText, wrongText } from './text.ts'
import { mustCallTool, toolCallFor } from './tool-call.ts'

/** One request to be executed. */
export interface RowRequest {
  readonly dialect: DialectName
  readonly endpoint: string
  readonly model: string
  readonly body: JsonObject
  /** Epoch seconds, for the answer. */
  readonly createdAt: number
}

/** Result of one request. `billed` is null where the provider would not charge. */
export type RowResult =
  | {
      readonly fate: 'answered'
      readonly status: number
      readonly body: JsonObject | object
      /** Headers that go with the answer to a synchronous call. @default none */
      readonly headers?: Readonly<Record<string, string>>
      readonly billed: Booking | null
    }
  | { readonly fate: 'missing' | 'garbled'; readonly billed: Booking | null }
  | { readonly fate: 'expired'; readonly billed: null }
  | { readonly fate: 'uncertain'; readonly message: string; readonly billed: null }

/** Number of executions of each row with a `times=` directive; in memory, so a restart counts anew. */
export type Executions = Map<string, number>

/** Sources of answers: the simulated model, and the function that a test may have put in its place. */
export interface Simulation {
  readonly executions: Executions
  /** How often answers are not as asked. */
  readonly answers: AnswerMix
  readonly answer?: AnswerFunction | undefined
}

/** A result with what the provider's cache has served of its request. */
export function cachedResult(dialect: DialectName, result: RowResult, use: CacheUse): RowResult {
  const { shape } = DIALECT[dialect]
  if (!shape?.cached || result.fate !== 'answered' || result.status !== 200 || !isJsonObject(result.body)) return result
  return { ...result, body: shape.cached(result.body, use) }
}

/** Executes one request by the function, where there is one, else as below. A directive in its prompt wins over both. */
export async function executeRow(request: RowRequest, simulation: Simulation): Promise<RowResult> {
  const { answer, answers, executions } = simulation
  if (!answer) return simulateRow(request, executions, answers)
  const asked = examined(request, executions)
  if ('fate' in asked) return asked
  try {
    const given = asked.wish === undefined ? await givenAnswer(request, answer) : undefined
    if (isJsonObject(given)) return answeredWith(given, asked)
    return answered(request, { ...asked, mix: answers, text: given })
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    return failed(request.dialect, { ...usualError(500), message: error.message })
  }
}

/** Executes one request as the provider would, deterministically; a directive in its prompt wins over the mix. */
export function simulateRow(request: RowRequest, executions: Executions, mix: AnswerMix = NO_FLAWS): RowResult {
  const asked = examined(request, executions)
  return 'fate' in asked ? asked : answered(request, { ...asked, mix, text: undefined })
}

/** The result of a request that is not answered, or what its answer depends on. */
function examined(request: RowRequest, executions: Executions): RowResult | Examined {
  const { dialect } = request
  const { shape, wording } = DIALECT[dialect]
  const read = shape?.request(request.body, request.model) ?? { chat: request.body }
  if ('refused' in read) return failed(dialect, read.refused)
  const body = read.chat
  const refused = missingField({ ...request, body, wording }) ?? refusedParameter({ ...request, body, wording })
  if (refused) return failed(dialect, refused)
  const prompt = promptOf(body)
  const nonce = nonceOf(body, prompt)
  const directive = inForce(findDirective(prompt), nonce, executions)
  if (typeof directive?.status === 'number') return failed(dialect, usualError(directive.status))
  if (directive?.name === 'expired') return { fate: 'expired', billed: null }
  return { body, prompt, nonce, wish: directive?.name }
}

async function givenAnswer(request: RowRequest, answer: AnswerFunction): Promise<GivenAnswer> {
  const { body, dialect, endpoint, model } = request
  const given = await askFunction(answer, body, { provider: dialect, endpoint, model })
  if (typeof given !== 'string' || isWritten(endpoint)) return given
  throw new NoAnswer(`The function that answers gave a text, and ${endpoint} is answered with a whole body.`)
}

/** The body as it is; what it says it used is billed, else an estimate. */
function answeredWith(body: JsonObject, { nonce, prompt }: Examined): RowResult {
  const usage = usageIn(body) ?? { inputTokens: tokensOf(prompt), outputTokens: tokensOf(JSON.stringify(body)) }
  return { fate: 'answered', status: 200, body, billed: { nonce, ...usage } }
}

function failed(dialect: DialectName, error: ApiError): RowResult {
  return { fate: 'answered', status: error.status, body: DIALECT[dialect].errorBody(error), billed: null }
}

/** The directive, unless the row was executed as often as it governs. */
function inForce(
  directive: FoundDirective | undefined,
  nonce: string,
  executions: Executions,
): FoundDirective | undefined {
  if (!directive || directive.times === Number.POSITIVE_INFINITY) return directive
  const count = (executions.get(nonce) ?? 0) + 1
  executions.set(nonce, count)
  return count <= directive.times ? directive : undefined
}

/** A request that is answered. */
interface Examined {
  /** As a chat body where the API has another shape. */
  readonly body: JsonObject
  readonly prompt: string
  /** For the books. */
  readonly nonce: string
  /** The directive in force. */
  readonly wish: string | undefined
}

/** Facts that the answer to a request is made from. */
interface Asked extends Examined {
  readonly mix: AnswerMix
  /** In place of a simulated text. */
  readonly text: string | undefined
}

function answered(request: RowRequest, asked: Asked): RowResult {
  try {
    return bodied(request, asked)
  } catch (error) {
    if (!(error instanceof SchemaTooLarge)) throw error
    const text = 'Invalid schema: an answer that satisfies it would be too large.'
    return failed(
      request.dialect,
      refusal(DIALECT[request.dialect].wording, 'invalid_json_schema', 'response_format', text),
    )
  }
}

function bodied(request: RowRequest, { body, mix, nonce, prompt, text, wish: wished }: Asked): RowResult {
  const { dialect, endpoint, model } = request
  const { shape, wording } = DIALECT[dialect]
  const digest = digestOf(model, prompt)
  const flaw = wished === undefined && isWritten(endpoint) ? flawOf(mix, digest) : undefined
  const wish = wished ?? flaw?.directive
  const choices = choicesFor(wish, { body, prompt, digest, text })
  const inputTokens = tokensOf(prompt)
  const outputTokens = isWritten(endpoint) ? choices.reduce((sum, words) => sum + tokensOf(words.text), 0) : 0
  const billed = { nonce, inputTokens, outputTokens, ...(flaw ? { flaw: flaw.name } : {}) }
  if (wish === 'missing' || wish === 'garbled') return { fate: wish, billed }
  if (wish === 'bad_shape') return { fate: 'answered', status: 200, body: { simulated: true }, billed }
  const { createdAt } = request
  const answer = { wording, model, request: body, choices, inputTokens, outputTokens, digest, createdAt }
  const { usage, ...rest } = answerBody(endpoint, answer)
  // Answers without token counts, such as verdicts, have no such member at all.
  const chat = wish === 'no_usage' || !usage ? rest : { ...rest, usage }
  return { fate: 'answered', status: 200, body: shape?.answer(chat, request) ?? chat, billed }
}

/** Facts that one choice is made from. */
interface Draft {
  readonly body: JsonObject
  readonly prompt: string
  readonly digest: string
  readonly text: string | undefined
}

/** As many answers as the request asks for, each other than the one before. */
function choicesFor(wish: string | undefined, draft: Draft): readonly Words[] {
  const count = numberOf(draft.body['n']) ?? 1
  return Array.from({ length: count }, (_, index) =>
    wordsFor(wish, index === 0 ? draft : { ...draft, digest: digestOf(draft.digest, index) }),
  )
}

function wordsFor(wish: string | undefined, draft: Draft): Words {
  const { body, digest, prompt } = draft
  const text = (): string => draft.text ?? answerText(body, prompt, digest)
  switch (wish) {
    case 'length':
      return { text: text().slice(0, 8), ending: 'length' }
    case 'refusal':
      return { text: "[simulated] I'm sorry, I can't help with that.", ending: 'refusal' }
    case 'content_filter':
      return { text: '', ending: 'content_filter' }
    case 'tool_call':
      return calling(draft)
    case 'empty':
      return { text: '', ending: 'stop' }
    case 'invalid_json':
      return { text: '{"simulated": tru', ending: 'stop' }
    case 'fenced_json':
      return { text: `\`\`\`json\n${text()}\n\`\`\``, ending: 'stop' }
    case 'stray_json':
      return { text: `Here it is:\n\n${text()}\n\nI hope this helps.`, ending: 'stop' }
    case 'wrong_schema':
      return { text: wrongText(body, prompt, digest), ending: 'stop' }
    case undefined:
    default:
      return draft.text === undefined && mustCallTool(body) ? calling(draft) : capped(text(), body)
  }
}

function calling({ body, digest, prompt }: Draft): Words {
  return { text: '', ending: 'tool_call', toolCall: toolCallFor(body, prompt, digest) }
}

/** Cuts the text at the request's own token limit, as a model would stop there. */
function capped(text: string, body: JsonObject): Words {
  const limit = numberOf(body['max_completion_tokens'] ?? body['max_tokens'] ?? body['max_output_tokens'])
  if (limit === undefined || tokensOf(text) <= limit) return { text, ending: 'stop' }
  return { text: text.slice(0, limit * 4), ending: 'length' }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** Inputs of an embedding request; the provider limits their sum over a batch. */
export function embeddingInputs(endpoint: string, body: JsonObject): number {
  return endpoint === '/v1/embeddings' ? inputCount(body) : 0
}
