import { plainLine } from '../../../lib/plain-text.ts'
import { shownJson } from '../../../lib/shown-json.ts'
import type { Outcome } from '../../../model/outcome.ts'
import type { Tried, TriedRow } from '../../../prepare/try-rows.ts'
import { dollars, sumUsd } from '../../../prices/dollars.ts'
import { promptOf } from '../../jobs/prompt-text.ts'
import type { Colors } from '../terminal/colors.ts'
import { renderFacts } from '../terminal/facts.ts'
import { count, counted } from '../terminal/quantity.ts'

const MOST_PROMPT_CHARACTERS = 200
const MOST_ANSWER_CHARACTERS = 400

/** Entries shown of a long list in an answer. */
const SHOWN_ENTRIES = 3

/** What the rows of a try cost, and what all rows would. */
export function renderTryTotal({ inputRows, rows, wholeCostUsd }: Tried, seed: number, colors: Colors): string {
  return renderFacts(
    [
      ['Answered', `${count(rows.filter(isAnswered).length)} of ${counted(rows.length, 'row')}`],
      ['Cost', `${dollars(sumUsd(rows.map(({ costUsd }) => costUsd)))} at the synchronous price`],
      ['In a batch', dollars(sumUsd(rows.map(({ batchCostUsd }) => batchCostUsd)))],
      [`All ${counted(inputRows, 'row')}`, inputRows > rows.length ? wholeCostText(wholeCostUsd) : null],
      ['Seed', `${seed}, for the same rows again`],
    ],
    colors,
  )
}

function wholeCostText(costUsd: number | null): string {
  return costUsd === null ? 'unknown' : `about ${dollars(costUsd)} in batches, if all are like these`
}

/** True for a row with a usable answer. */
export function isAnswered({ outcome }: TriedRow): boolean {
  return outcome?.status === 'succeeded'
}

/** An answer for people: its text as it is, a value with its long lists shortened; null where there is none. */
function answerText({ isJson, output }: Pick<Outcome, 'isJson' | 'output'>): string | null {
  return isJson && output !== null ? shownJson(JSON.parse(output), SHOWN_ENTRIES) : output
}

/** What a row of a try was answered with; prompt and answer shortened. Ends with an empty line. */
export function renderTriedRow(row: TriedRow, colors: Colors): string {
  const answer = row.outcome && answerText(row.outcome)
  const title = row.id === null ? `Line ${row.line}` : `Line ${row.line} (${plainLine(row.id, MOST_PROMPT_CHARACTERS)})`
  const facts = renderFacts(
    [
      ['Prompt', row.request && plainLine(promptOf(row.request), MOST_PROMPT_CHARACTERS)],
      ['Answer', answer ? plainLine(answer, MOST_ANSWER_CHARACTERS) : null],
      ['Problem', problemText(row, colors)],
      ['Tokens', tokensText(row)],
      ['Cost', row.outcome && dollars(row.costUsd)],
    ],
    colors,
  )
  return `${colors.bold(title)}\n${facts}\n`
}

function problemText({ failure, outcome, problems }: TriedRow, colors: Colors): string | null {
  const words = [
    ...problems.map(({ code, detail }) => `not sent, ${code}: ${detail}`),
    ...(failure ? [failure.message] : []),
    ...(outcome && outcome.status !== 'succeeded'
      ? [[outcome.status, outcome.code, outcome.reason].filter((part) => part !== null).join(', ')]
      : []),
  ]
  return words.length === 0 ? null : colors.red(plainLine(words.join('; '), MOST_ANSWER_CHARACTERS))
}

function tokensText({ outcome }: TriedRow): string | null {
  const usage = outcome?.usage
  if (!usage) return null
  const part = (tokens: number | null, word: string): string[] => (tokens === null ? [] : [`${count(tokens)} ${word}`])
  return [
    ...part(usage.promptTokens, 'in'),
    ...part(usage.completionTokens, 'out'),
    ...(usage.reasoningTokens ? part(usage.reasoningTokens, 'of them reasoning') : []),
  ].join(', ')
}
