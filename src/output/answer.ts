import type { OtherQuestion, RowOutcome, SettledResult } from '../model/row.ts'
import type { AnswerColumn } from './answer-columns.ts'

/** What is written about a row besides its own columns; null where nothing is known, never zero. */
export type Answer = Readonly<Record<AnswerColumn, string | number | null>>

/**
 * The price of a result with all that its row was asked besides, or of one question, in US dollars; null where it is not
 * known.
 */
export type CostOf = (result: OtherQuestion & Partial<Pick<SettledResult, 'others'>>) => number | null

/** The answer columns of a row: of its result, of the problem it was skipped for, or of waiting. */
export function answerOf(row: RowOutcome, costOf: CostOf): Answer {
  const id = answerId(row)
  if (row.result !== null) return settledAnswer(row.result, id, costOf)
  if (row.problem !== null) return emptyAnswer('failed', `${row.problem.code}: ${row.problem.detail}`, id)
  return emptyAnswer('pending', null, id)
}

/** The user's own id, or the line number as text, so that the column holds text in every file. */
export function answerId(row: RowOutcome): string {
  return row.id ?? String(row.line)
}

function settledAnswer(result: SettledResult, id: string, costOf: CostOf): Answer {
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

function emptyAnswer(status: 'failed' | 'pending', error: string | null, id: string): Answer {
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
  }
}
