import { type Billed, emptyOutcome, type Outcome } from '../../model/outcome.ts'
import { cleanOrNull, cleanText, findProblem, type ProviderProblem } from '../error-text.ts'
import { isAccountProblem } from './account-problem.ts'
import type { ModelAnswer } from './answer.ts'
import { readAnswer } from './read-answer.ts'
import { hasSpent, usageOf } from './usage.ts'

/** The provider's answer to one request: on a result line, or as the answer to a synchronous call. */
export interface RowAnswer {
  /** HTTP status of the request's own answer, or null where it has none. */
  readonly status: number | null
  readonly body: unknown
  /** The error beside the answer, in whatever shape. */
  readonly error: unknown
  /** The JSON text, on one line, that all of this was read from, where it is kept. */
  readonly source?: string
}

/**
 * The outcome of one request. A success has status 200, no error anywhere, and a body of its endpoint's shape: refusals
 * come with status 200 beside an error too, and with an error inside the body. The provider's texts are cleaned of the
 * given secrets.
 */
export function rowOutcome(endpoint: string, answer: RowAnswer, secrets: readonly string[]): Outcome {
  const problem = findProblem(answer.error) ?? findProblem(errorIn(answer))
  const outcome =
    answer.status === 200 && problem === undefined
      ? answeredOutcome(readAnswer(endpoint, answer.body, answer.source), answer.body)
      : failedOutcome(answer, problem)
  return {
    ...outcome,
    code: cleanOrNull(outcome.code, secrets),
    reason: cleanOrNull(outcome.reason, secrets),
    usage: usageOf(answer.body),
    model: modelOf(answer.body),
  }
}

/** The error that a body carries: its `error` where it may be an answer, all of it where it cannot be one. */
function errorIn({ body, status }: RowAnswer): unknown {
  if (status !== 200) return body
  return typeof body === 'object' && body !== null ? (body as { readonly error?: unknown }).error : undefined
}

function answeredOutcome(answer: ModelAnswer, body: unknown): Outcome {
  const isJson = 'isJson' in answer && (answer.isJson ?? false)
  switch (answer.kind) {
    case 'text':
      return emptyOutcome({
        ...DONE,
        status: 'succeeded',
        output: answer.text,
        isJson,
        finishReason: answer.finishReason,
      })
    case 'truncated':
      return emptyOutcome({
        ...DONE,
        status: 'truncated',
        code: 'length',
        reason: 'the answer was cut off at the token limit',
        output: answer.text === '' ? null : answer.text,
        isJson,
        finishReason: answer.finishReason,
      })
    case 'refused': {
      const { code, reason, text } = answer
      return emptyOutcome({
        ...DONE,
        status: 'refused',
        code,
        reason,
        output: text === '' ? null : text,
        isJson,
        finishReason: code,
      })
    }
    case 'failed': {
      const { code, finishReason, reason, text } = answer
      return emptyOutcome({ ...DONE, status: 'failed', code, reason, output: text || null, isJson, finishReason })
    }
    case 'misshapen':
      return emptyOutcome({
        status: 'failed',
        code: 'bad_shape',
        reason: 'the answer does not have the form of its endpoint',
        billed: billedBy(body, 'unknown'),
      })
    default:
      return answer satisfies never
  }
}

/** Codes of refusals that concern what one row says, not what all rows ask for. */
const CONTENT_CODES = /content_(?:filter|policy)|invalid_prompt|moderation|safety/i

/** The model ran to an end of some kind, which is what is paid for. */
const DONE = { code: null, reason: null, billed: 'yes' } as const

function failedOutcome({ body, status }: RowAnswer, problem: ProviderProblem | undefined): Outcome {
  const unexecuted = unexecutedOutcome(status, problem)
  if (unexecuted && billedBy(body, 'no') === 'no') return unexecuted
  const facts = {
    status: 'failed',
    code: problem?.code ?? (status === null ? 'bad_shape' : `status_${status}`),
    reason:
      problem?.message ?? (status === null ? 'the line has neither an answer nor an error' : `answered with ${status}`),
  } as const
  if (isAccountProblem(status, problem)) {
    return emptyOutcome({ ...facts, billed: billedBy(body, 'no'), retryable: true, accountProblem: true })
  }
  if (status === 0) return emptyOutcome({ ...facts, billed: billedBy(body, 'unknown'), retryable: true })
  if (isPassing(status)) return emptyOutcome({ ...facts, billed: billedBy(body, 'no'), retryable: true })
  const isRefused = status !== null && status >= 400
  const contentProblem = CONTENT_CODES.test(facts.code)
  return emptyOutcome({ ...facts, billed: billedBy(body, isRefused ? 'no' : 'unknown'), contentProblem })
}

/** Rows that the batch ended without: unbilled by contract, each with an error of its own. */
function unexecutedOutcome(status: number | null, problem: ProviderProblem | undefined): Outcome | undefined {
  if (problem === undefined || status === 200) return undefined
  const facts = { code: problem.code, reason: problem.message, billed: 'no' } as const
  if (problem.code === 'batch_expired') return emptyOutcome({ ...facts, status: 'expired', retryable: true })
  const isCancelled = problem.code === 'batch_cancelled' || problem.code === 'batch_canceled'
  return isCancelled ? emptyOutcome({ ...facts, status: 'cancelled' }) : undefined
}

/** Statuses that say nothing about the request itself. */
function isPassing(status: number | null): boolean {
  return status !== null && (status === 408 || status === 409 || status === 429 || status >= 500)
}

function billedBy(body: unknown, otherwise: Billed): Billed {
  return hasSpent(usageOf(body)) ? 'yes' : otherwise
}

function modelOf(body: unknown): string | null {
  const model = typeof body === 'object' && body !== null ? (body as { readonly model?: unknown }).model : undefined
  if (typeof model !== 'string') return null
  // Every row has one, and names are nearly always this plain.
  return /^[\w.:/@-]{1,200}$/.test(model) ? model : cleanText(model, [])
}
