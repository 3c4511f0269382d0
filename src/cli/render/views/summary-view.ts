import { plainLine } from '../../../lib/plain-text.ts'
import { OUTCOME_STATUSES } from '../../../model/outcome.ts'
import { dollars } from '../../../prices/dollars.ts'
import type { FieldSummary } from '../../../results/field-counts.ts'
import type { CostSum, TokenSums } from '../../../results/spending-sums.ts'
import type { Causes, RowSummary } from '../../../results/summarise.ts'
import { areLabels, type CountedValues, LONGEST_VALUE, MOST_VALUES } from '../../../results/value-counts.ts'
import type { Colors } from '../terminal/colors.ts'
import { renderFacts } from '../terminal/facts.ts'
import { renderFittedTable } from '../terminal/fitted-table.ts'
import { count, counted, percent } from '../terminal/quantity.ts'
import { wrapped } from '../terminal/width.ts'
import { paintStatus } from './rows-view.ts'

/** Lines of one table. */
const MOST_LINES = 20

/** What rows came to: statuses, tokens and cost, errors by cause, labels. */
export function renderSummary(summary: RowSummary, width: number, colors: Colors): string {
  const facts = renderFacts(
    [
      ['Status', statusText(summary, width, colors)],
      ['Tokens', tokensText(summary.tokens)],
      ['Cost', costText(summary.cost)],
    ],
    colors,
  )
  return [facts, causesText(summary.causes, width, colors), ...labelTexts(summary, width, colors)]
    .filter((section) => section !== '')
    .join('\n')
}

/** Cells before the text of a fact. */
const LABEL_CELLS = 10

function statusText({ rows, statuses }: RowSummary, width: number, colors: Colors): string {
  const known = [...OUTCOME_STATUSES, 'pending' as const].flatMap((status) => {
    const number = statuses[status] ?? 0
    return number === 0 ? [] : [paintStatus(`${count(number)} ${status} (${share(number, rows)})`, status, colors)]
  })
  return wrapped(known, width - LABEL_CELLS, ', ').join('\n') || 'no rows'
}

function tokensText({ completion, prompt, unknown }: TokenSums): string {
  const rest = unknown === 0 ? '' : `; not known for ${counted(unknown, 'row')}`
  return `${count(prompt)} in, ${count(completion)} out${rest}`
}

/** What is known, and how many rows are not in it. */
function costText({ unknown, usd }: CostSum): string {
  return unknown === 0 || usd === null ? dollars(usd) : `${dollars(usd)}; not known for ${counted(unknown, 'row')}`
}

/** `52%`; what is there is never `0%`. */
export function share(part: number, whole: number): string {
  return part > 0 && part * 100 < whole ? 'under 1%' : percent(part, whole)
}

function causesText({ list, other }: Causes, width: number, colors: Colors): string {
  if (list.length === 0) return ''
  const shown = list.slice(0, MOST_LINES)
  const table = renderFittedTable(
    [
      { title: 'rows', isNumeric: true, text: (cause) => count(cause.count) },
      { title: 'status', text: ({ status }) => status, paint: (text, { status }) => paintStatus(text, status, colors) },
      { title: 'cause', text: ({ error }) => error ?? 'no reason given' },
      { title: 'for example', text: ({ example }) => example },
    ],
    shown,
    width,
    colors,
  )
  const rest = list.slice(MOST_LINES).reduce((sum, cause) => sum + cause.count, other)
  return `${colors.bold('Errors by cause')}\n${table}\n${rest === 0 ? '' : `and ${counted(rest, 'row')} with other causes\n`}`
}

function labelTexts(summary: RowSummary, width: number, colors: Colors): readonly string[] {
  const { fields, hasMoreFields, labels } = summary
  return [
    ...(labels.total === 0 ? [] : [valuesText('output', labels, width, colors)]),
    ...fields.map((field) => fieldText(field, width, colors)),
    ...(hasMoreFields ? ['The answers have more parts than are counted.\n'] : []),
  ]
}

function fieldText({ numbers, path, values }: FieldSummary, width: number, colors: Colors): string {
  const name = path === '' ? 'output' : `output.${path}`
  const isNumeric = numbers !== null && numbers.count === values.total
  if (!isNumeric || areLabels(values)) return valuesText(name, values, width, colors)
  const range = [numbers.least, numbers.most, numbers.mean].map(shortNumber)
  return `${heading(name, colors)}: numbers from ${range[0]} to ${range[1]}, ${range[2]} on average\n`
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)))
}

function heading(name: string, colors: Colors): string {
  return colors.bold(plainLine(name, 60))
}

/** How often each label came; a line that says how many there are where they are not labels. */
function valuesText(name: string, values: CountedValues, width: number, colors: Colors): string {
  if (!areLabels(values)) return `${heading(name, colors)}: ${describeVariety(values)}\n`
  const shown = values.values.slice(0, MOST_LINES)
  const most = Math.max(...shown.map((one) => one.count))
  const table = renderFittedTable(
    [
      { title: 'rows', isNumeric: true, text: (one) => count(one.count) },
      { title: 'share', isNumeric: true, text: (one) => share(one.count, values.total) },
      { title: 'value', text: ({ value }) => value || '(empty)' },
      { title: '', text: (one) => bar(one.count / most), isOptional: true, paint: (text) => colors.cyan(text) },
    ],
    shown,
    width,
    colors,
  )
  const rest = values.values.slice(MOST_LINES)
  const notes = [
    ...(rest.length > 0 ? [`${counted(rest.length, 'more value')} in ${counted(answersIn(rest), 'answer')}`] : []),
    ...(values.long > 0 ? [`${counted(values.long, 'answer')} longer than ${LONGEST_VALUE} characters`] : []),
  ]
  return `${heading(name, colors)}\n${table}\n${notes.length === 0 ? '' : `and ${notes.join(', ')}\n`}`
}

const BAR_CELLS = 20

function bar(part: number): string {
  return '█'.repeat(Math.max(1, Math.round(part * BAR_CELLS)))
}

function answersIn(values: CountedValues['values']): number {
  return values.reduce((total, one) => total + one.count, 0)
}

/** `1,204 texts, all different`, `more than 1,000 different values`. */
function describeVariety({ long, other, total, values }: CountedValues): string {
  const different =
    other > 0 ? `more than ${count(MOST_VALUES)} different values` : counted(values.length, 'different value')
  const longer = long === 0 ? '' : `${counted(long, 'answer')} longer than ${LONGEST_VALUE} characters`
  if (long === total) return longer
  return `${different} in ${counted(total - long, 'answer')}${longer === '' ? '' : `, and ${longer}`}`
}
