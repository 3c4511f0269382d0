import type { RowOutcome } from '../../model/row.ts'
import { answerId, type CostOf, errorOf, outputOf, tokensOf } from '../../output/answer.ts'
import { cellOf, rowLooker } from '../../results/row-view.ts'
import type { StandingRow } from '../../results/run-rows.ts'
import { lastMessage, shownInput } from '../../results/shown-input.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { RowLine } from '../contract.ts'
import { cutOrNull, cutText } from './cut-text.ts'
import { codeOfRow, statusOfRow, timesAsked } from './row-filter.ts'

/** Longest texts in a list. */
const MOST_CHARACTERS = 600

/** Makes rows into lines of a list, for one run. */
export function lineMaker(run: RunRecord, costOf: CostOf): (row: StandingRow, outcome: RowOutcome) => RowLine {
  const textOf = inputTextOf(run, costOf)
  return (row, outcome) => {
    const { at, request } = row
    const { result } = outcome
    return {
      row: at.row,
      line: at.line,
      source: outcome.source,
      id: answerId(outcome),
      status: statusOfRow(row),
      isOnItsWay: request?.state === 'batched',
      code: codeOfRow(row),
      error: cutOrNull(errorOf(outcome), MOST_CHARACTERS),
      input: cutText(textOf(outcome), MOST_CHARACTERS),
      answer: cutOrNull(outputOf(outcome), MOST_CHARACTERS),
      batch: request?.newest.batch.record.number ?? null,
      tries: timesAsked(row),
      questions: (result?.others.length ?? 0) + 1,
      promptTokens: tokensOf(result, 'promptTokens'),
      completionTokens: tokensOf(result, 'completionTokens'),
      costUsd: result && costOf(result),
      isShared: at.shares !== null,
    }
  }
}

/** What a person knows a row by: one column alone, several under their names. */
export function inputTextOf(run: RunRecord, costOf: CostOf): (outcome: RowOutcome) => string {
  const names = shownInput(run)
  const look = rowLooker(costOf)
  return (outcome) => {
    // A row that could not be read has no record.
    if (outcome.problem !== null && outcome.json === '{}') return ''
    if (names === null) return lastMessage(outcome.json)
    const view = look(outcome)
    const texts = names.map((name) => [name, cellOf(view, { of: 'input', name, path: [] }).text] as const)
    const [only] = texts
    return texts.length === 1 && only ? only[1] : texts.map(([name, text]) => `${name}: ${text}`).join('\n')
  }
}
