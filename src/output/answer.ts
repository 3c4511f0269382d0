import { sumKnown } from '../lib/number.ts'
import type { Outcome, Usage } from '../model/outcome.ts'
import type { OtherQuestion, RowOutcome, SettledResult } from '../model/row.ts'

/**
 * The price of a result with all that its row was asked besides, or of one question, in US dollars; null where it is not
 * known.
 */
export type CostOf = (result: OtherQuestion & Partial<Pick<SettledResult, 'others'>>) => number | null

/** The text of a row's answer, its JSON where it was read by a schema; null where there is none. */
export function outputOf({ result }: RowOutcome): string | null {
  return result?.structured?.json ?? result?.outcome.output ?? null
}

/** What became of a row: of its request, of a row that was skipped for a problem, or of one that waits. */
export function statusOf({ problem, result }: RowOutcome): Outcome['status'] | 'pending' {
  if (result !== null) return result.outcome.status
  return problem === null ? 'pending' : 'failed'
}

/** Why a row has no usable answer; null where it has one, or waits. */
export function errorOf({ problem, result }: RowOutcome): string | null {
  if (result !== null) return errorText(result.outcome)
  return problem && `${problem.code}: ${problem.detail}`
}

/** The code and the reason of an outcome as one text; null where it has neither. */
export function errorText({ code, reason }: Pick<Outcome, 'code' | 'reason'>): string | null {
  return [code, reason].filter((part) => part !== null).join(': ') || null
}

/** The user's own id, or the line number as text (after its file, where there are several): text in every file. */
export function answerId({ id, line, source }: RowOutcome): string {
  return id ?? (source === null ? String(line) : `${source}:${line}`)
}

/** True for a row that has come to its end without an answer one can use. */
export function isFailed({ problem, result }: RowOutcome): boolean {
  return result === null ? problem !== null : result.outcome.status !== 'succeeded'
}

/** Tokens of all that a row was asked; null where those of any question are not known. */
export function tokensOf(result: SettledResult | null, kind: keyof Usage): number | null {
  if (result === null) return null
  const { others, outcome } = result
  const own = outcome.usage?.[kind] ?? null
  const billed = others.filter((other) => other.outcome.billed !== 'no')
  return sumKnown([own, ...billed.map((other) => other.outcome.usage?.[kind] ?? null)])
}

/** What a row was answered before: the answers that did not fit. */
export function earlierAnswers(result: SettledResult | null, costOf: CostOf) {
  return (result?.others ?? []).map((other) => {
    const { output, status } = other.outcome
    return { output, status, error: errorText(other.outcome), costUsd: costOf(other) }
  })
}
