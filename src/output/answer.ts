import type { OtherQuestion, RowOutcome, SettledResult } from '../model/row.ts'
import type { AnswerColumn } from './answer-columns.ts'

/** What is written about a row besides its own columns; null where nothing is known, never zero. */
export type AnswerFields = Readonly<Record<AnswerColumn, string | number | null>>

/**
 * The price of a result with all that its row was asked besides, or of one question, in US dollars; null where it is not
 * known.
 */
export type CostOf = (result: OtherQuestion & Partial<Pick<SettledResult, 'others'>>) => number | null

/** The answer columns of a row: of its result, of the problem it was skipped for, or of waiting. */
export function answerOf(row: RowOutcome, costOf: CostOf): AnswerFields {
  const id = answerId(row)
  if (row.result !== null) return settledAnswer(row, row.result, id, costOf)
  if (row.problem !== null) return emptyAnswer(row, 'failed', `${row.problem.code}: ${row.problem.detail}`, id)
  return emptyAnswer(row, 'pending', null, id)
}

/** The user's own id, or the line number as text (after its file, where there are several): text in every file. */
export function answerId({ id, line, source }: RowOutcome): string {
  return id ?? (source === null ? String(line) : `${source}:${line}`)
}

/** True for a row that has come to its end without an answer one can use. */
export function isFailed({ problem, result }: RowOutcome): boolean {
  return result === null ? problem !== null : result.outcome.status !== 'succeeded'
}

function settledAnswer({ source }: RowOutcome, result: SettledResult, id: string, costOf: CostOf): AnswerFields {
  const { outcome } = result
  return {
    output: result.structured?.json ?? outcome.output,
    status: outcome.status,
    error: [outcome.code, outcome.reason].filter((part) => part !== null).join(': ') || null,
    finish_reason: outcome.finishReason,
    prompt_tokens: tokensOf(result, 'promptTokens'),
    completion_tokens: tokensOf(result, 'completionTokens'),
    cost_usd: costOf(result),
    model: outcome.model,
    id,
    attempt: result.tries,
    source,
    raw: result.rawLine,
    turns: result.others.length + 1,
    earlier: result.others.length === 0 ? '[]' : earlierText(result.others, costOf),
  }
}

/** Tokens of all that the row was asked; null where those of any question are not known. */
function tokensOf({ others, outcome }: SettledResult, kind: 'promptTokens' | 'completionTokens'): number | null {
  const own = outcome.usage?.[kind] ?? null
  return others
    .filter((other) => other.outcome.billed !== 'no')
    .map((other) => other.outcome.usage?.[kind] ?? null)
    .reduce((sum, tokens) => (sum === null || tokens === null ? null : sum + tokens), own)
}

/** What a row was answered before, as JSON text: the answers that did not fit. */
function earlierText(others: readonly OtherQuestion[], costOf: CostOf): string {
  const earlier = others.map((other) => {
    const { code, output, reason, status } = other.outcome
    const error = [code, reason].filter((part) => part !== null).join(': ') || null
    return { output, status, error, cost_usd: costOf(other) }
  })
  return JSON.stringify(earlier)
}

function emptyAnswer(
  { source }: RowOutcome,
  status: 'failed' | 'pending',
  error: string | null,
  id: string,
): AnswerFields {
  return {
    output: null,
    status,
    error,
    finish_reason: null,
    prompt_tokens: null,
    completion_tokens: null,
    cost_usd: null,
    model: null,
    id,
    attempt: null,
    source,
    raw: null,
    turns: null,
    earlier: '[]',
  }
}
