import { isWritten } from '../../model/endpoint.ts'
import { digestOf } from '../state/identifier.ts'
import type { Booking } from '../state/ledger.ts'
import type { DialectName } from '../state/record.ts'
import { answerBody, inputCount, type Words } from './answer-body.ts'
import { type AnswerMix, flawOf, NO_FLAWS } from './answer-mix.ts'
import { type FoundDirective, findDirective } from './directive.ts'
import type { JsonObject } from './json.ts'
import { refusedParameter } from './parameter-check.ts'
import { refusal } from './parameter-refusal.ts'
import { nonceOf, promptOf, tokensOf } from './prompt.ts'
import { type ApiError, errorBody, usualError } from './provider-error.ts'
import { SchemaTooLarge } from './schema-value.ts'
import { answerText, wrongText } from './text.ts'

/** One request to be executed. */
export interface RowRequest {
  readonly dialect: DialectName
  readonly endpoint: string
  readonly model: string
  readonly body: JsonObject
  /** Epoch seconds, for the answer. */
  readonly createdAt: number
}

/** What became of one request. `billed` is null where the provider would not charge. */
export type RowResult =
  | {
      readonly fate: 'answered'
      readonly status: number
      readonly body: JsonObject | object
      readonly billed: Booking | null
    }
  | { readonly fate: 'missing' | 'garbled'; readonly billed: Booking | null }
  | { readonly fate: 'expired'; readonly billed: null }

/** How often each row with a `times=` directive was executed; in memory, so a restart counts anew. */
export type Executions = Map<string, number>

/** Executes one request as the provider would, deterministically; a directive in its prompt wins over the mix. */
export function executeRow(request: RowRequest, executions: Executions, mix: AnswerMix = NO_FLAWS): RowResult {
  const { body, dialect } = request
  const refused = refusedParameter(request)
  if (refused) return failed(dialect, refused)
  const prompt = promptOf(body)
  const nonce = nonceOf(body, prompt)
  const directive = inForce(findDirective(prompt), nonce, executions)
  if (typeof directive?.status === 'number') return failed(dialect, usualError(directive.status))
  if (directive?.name === 'expired') return { fate: 'expired', billed: null }
  try {
    return answered(request, { prompt, nonce, wish: directive?.name, mix })
  } catch (error) {
    if (!(error instanceof SchemaTooLarge)) throw error
    const text = 'Invalid schema: an answer that satisfies it would be too large.'
    return failed(dialect, refusal(dialect, 'invalid_json_schema', 'response_format', text))
  }
}

function failed(dialect: DialectName, error: ApiError): RowResult {
  return { fate: 'answered', status: error.status, body: errorBody(dialect, error), billed: null }
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

/** What a request that is answered is answered by. */
interface Asked {
  readonly prompt: string
  /** For the books. */
  readonly nonce: string
  /** The directive in force. */
  readonly wish: string | undefined
  readonly mix: AnswerMix
}

function answered(request: RowRequest, { mix, nonce, prompt, wish: wished }: Asked): RowResult {
  const { dialect, endpoint, model, body } = request
  const digest = digestOf(model, prompt)
  const flaw = wished === undefined && isWritten(endpoint) ? flawOf(mix, digest) : undefined
  const wish = wished ?? flaw?.directive
  const choices = choicesFor(wish, body, prompt, digest)
  const inputTokens = tokensOf(prompt)
  const outputTokens = isWritten(endpoint) ? choices.reduce((sum, { text }) => sum + tokensOf(text), 0) : 0
  const billed = { nonce, inputTokens, outputTokens, ...(flaw ? { flaw: flaw.name } : {}) }
  if (wish === 'missing' || wish === 'garbled') return { fate: wish, billed }
  if (wish === 'bad_shape') return { fate: 'answered', status: 200, body: { simulated: true }, billed }
  const answer = { dialect, model, choices, inputTokens, outputTokens, digest, createdAt: request.createdAt }
  const { usage, ...rest } = answerBody(endpoint, body, answer)
  return { fate: 'answered', status: 200, body: wish === 'no_usage' ? rest : { ...rest, usage }, billed }
}

/** As many answers as the request asks for, each other than the one before. */
function choicesFor(wish: string | undefined, body: JsonObject, prompt: string, digest: string): readonly Words[] {
  const count = Math.max(1, Math.floor(numberOf(body['n']) ?? 1))
  return Array.from({ length: count }, (_, index) =>
    wordsFor(wish, body, prompt, index === 0 ? digest : digestOf(digest, index)),
  )
}

function wordsFor(wish: string | undefined, body: JsonObject, prompt: string, digest: string): Words {
  switch (wish) {
    case 'length':
      return { text: answerText(body, prompt, digest).slice(0, 8), ending: 'length' }
    case 'refusal':
      return { text: "[simulated] I'm sorry, I can't help with that.", ending: 'refusal' }
    case 'content_filter':
      return { text: '', ending: 'content_filter' }
    case 'tool_call':
      return { text: '', ending: 'tool_call' }
    case 'empty':
      return { text: '', ending: 'stop' }
    case 'invalid_json':
      return { text: '{"simulated": tru', ending: 'stop' }
    case 'fenced_json':
      return { text: `\`\`\`json\n${answerText(body, prompt, digest)}\n\`\`\``, ending: 'stop' }
    case 'stray_json':
      return { text: `Here it is:\n\n${answerText(body, prompt, digest)}\n\nI hope this helps.`, ending: 'stop' }
    case 'wrong_schema':
      return { text: wrongText(body, prompt, digest), ending: 'stop' }
    case undefined:
    default:
      return capped(answerText(body, prompt, digest), body)
  }
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
