import { answerId, errorOf, statusOf } from '../../../output/answer.ts'
import type { Comparable } from '../../../results/comparable.ts'
import type { ComparedRow } from '../../../results/compare.ts'
import { type ComparedRuns, RUN_LETTERS } from '../../../results/compare-runs.ts'
import type { RunRecord } from '../../../store/port/run.ts'
import type { Colors } from '../terminal/colors.ts'
import { type FittedColumn, renderFittedTable } from '../terminal/fitted-table.ts'
import { count } from '../terminal/quantity.ts'
import { paintStatus } from './rows-view.ts'

/** Facts that a comparison of runs shows. */
export interface CompareView extends ComparedRuns {
  readonly runs: readonly RunRecord[]
  /** The column of right answers, where one was named. */
  readonly gold: string | undefined
}

/** The first rows that differ, the answers side by side; a row without one shows what became of it. */
export function renderDifferences(view: CompareView, width: number, colors: Colors): string {
  const { comparison, gold, runs, shown } = view
  if (shown.length === 0) return ''
  const columns: readonly FittedColumn<ComparedRow>[] = [
    { title: 'id', text: ({ rows }) => (rows[0] ? answerId(rows[0].row) : '') },
    { title: gold ?? '', text: (row) => row.gold?.text ?? '' },
    ...runs.map((_, place) => ({
      title: RUN_LETTERS[place] ?? '?',
      text: (row: ComparedRow) => answerText(row, place),
      paint: (text: string, row: ComparedRow) => paintAnswer(text, row, place, colors),
    })),
  ]
  const number =
    shown.length === comparison.different
      ? count(shown.length)
      : `the first ${count(shown.length)} of ${count(comparison.different)}`
  return `${colors.bold('Rows that differ')}: ${number}\n${renderFittedTable(columns, shown, width, colors)}\n`
}

function answerText({ answers, rows }: ComparedRow, place: number): string {
  const answer = answers[place]
  const row = rows[place]?.row
  if (answer?.isAnswered) return differingPart(answer, answers) ?? (answer.text || '(empty)')
  return row === undefined ? '' : `${statusOf(row)}: ${errorOf(row) ?? 'no reason given'}`
}

/** The members that are not the same in all runs, where all answers are JSON objects. */
function differingPart({ members }: Comparable, answers: readonly Comparable[]): string | null {
  if (members === null || answers.some((answer) => answer.members === null)) return null
  const names = new Set(answers.flatMap((answer) => [...(answer.members?.keys() ?? [])]))
  const differing = [...names].filter((name) => {
    return answers.some((answer) => answer.members?.get(name) !== members.get(name))
  })
  return differing.map((name) => `${name}: ${members.get(name) ?? '(absent)'}`).join(', ')
}

/** A right answer is green, a wrong one red, a row without an answer has the colour of its status. */
function paintAnswer(text: string, { answers, gold, rows }: ComparedRow, place: number, colors: Colors): string {
  const answer: Comparable | undefined = answers[place]
  const row = rows[place]?.row
  if (!answer?.isAnswered) return row === undefined ? text : paintStatus(text, statusOf(row), colors)
  if (gold === null) return text
  return answer.key === gold.key ? colors.green(text) : colors.red(text)
}
