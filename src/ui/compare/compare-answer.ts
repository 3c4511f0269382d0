import { answerId, errorOf, outputOf, statusOf } from '../../output/answer.ts'
import type { ComparedRow, Comparison } from '../../results/compare.ts'
import type { ComparedRuns } from '../../results/compare-runs.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { costOfResult } from '../../workspace/report.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { CompareAccuracy, CompareDone, ComparedSide, RowDifference } from '../contract.ts'
import { cutOrNull, cutText } from '../rows/cut-text.ts'
import { inputTextOf } from '../rows/row-line.ts'

/** Longest texts of rows that differ. */
const MOST_CHARACTERS = 600

/** Two runs. */
export interface ComparedPair {
  readonly runs: readonly [RunRecord, RunRecord]
}

/** A comparison as the page is told it. */
export function doneAnswer(
  { configuration }: Workspace,
  { runs }: ComparedPair,
  { comparison, counts, joinedBy, shown }: ComparedRuns,
): CompareDone {
  const [pair] = comparison.pairs
  const textOf = inputTextOf(runs[0], costOfResult(configuration.prices))
  return {
    state: 'done',
    runs: [sideOf(runs[0], 0, comparison, counts.alone), sideOf(runs[1], 1, comparison, counts.alone)],
    joinedBy,
    rows: comparison.rows,
    pendingRows: comparison.pending,
    differentRows: comparison.different,
    bothAnsweredRows: pair?.answered ?? 0,
    equalRows: pair?.same ?? 0,
    accuracy: accuracyOf(comparison),
    differences: shown.flatMap((row) => differenceOf(row, textOf)),
  }
}

function sideOf(
  { definition, id, name }: RunRecord,
  place: 0 | 1,
  { runs }: Comparison,
  alone: readonly number[],
): ComparedSide {
  const run = runs[place]
  return {
    id,
    name,
    model: definition.model,
    answeredRows: run?.answered ?? 0,
    aloneRows: alone[place] ?? 0,
    promptTokens: run?.tokens.prompt ?? null,
    completionTokens: run?.tokens.completion ?? null,
    costUsd: run?.cost.usd ?? null,
  }
}

function accuracyOf({ accuracy }: Comparison): CompareAccuracy | null {
  const [a, b] = accuracy?.runs ?? []
  const [duel] = accuracy?.duels ?? []
  if (!accuracy || !a || !b) return null
  const isBetter = duel !== undefined && duel.p < 0.05
  return {
    rows: accuracy.rows,
    right: [a.part, b.part],
    intervals: [
      [a.low, a.high],
      [b.low, b.high],
    ],
    p: duel?.p ?? null,
    better: !isBetter ? null : duel.onlyFirst > duel.onlySecond ? 'a' : 'b',
  }
}

function differenceOf({ gold, rows }: ComparedRow, textOf: ReturnType<typeof inputTextOf>): readonly RowDifference[] {
  const [a, b] = rows
  if (!a || !b) return []
  return [
    {
      rows: [a.row.ordinal, b.row.ordinal],
      id: answerId(a.row),
      input: cutText(textOf(a.row), MOST_CHARACTERS),
      statuses: [statusOf(a.row), statusOf(b.row)],
      answers: [cutOrNull(outputOf(a.row), MOST_CHARACTERS), cutOrNull(outputOf(b.row), MOST_CHARACTERS)],
      errors: [cutOrNull(errorOf(a.row), MOST_CHARACTERS), cutOrNull(errorOf(b.row), MOST_CHARACTERS)],
      right: gold?.text ?? null,
    },
  ]
}
