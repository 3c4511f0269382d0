import { plainLine } from '../../../lib/plain-text.ts'
import { dollars } from '../../../prices/dollars.ts'
import type { Accuracy, Duel } from '../../../results/accuracy.ts'
import type { ComparedRun, Comparison } from '../../../results/compare.ts'
import type { PairComparison } from '../../../results/compare-pair.ts'
import { RUN_LETTERS } from '../../../results/compare-runs.ts'
import type { Share } from '../../../results/statistics.ts'
import type { RunRecord } from '../../../store/port/run.ts'
import type { Colors } from '../terminal/colors.ts'
import { type Fact, renderFacts } from '../terminal/facts.ts'
import { renderFittedTable } from '../terminal/fitted-table.ts'
import { count, counted } from '../terminal/quantity.ts'
import { wrapped } from '../terminal/width.ts'
import { type CompareView, renderDifferences } from './differences-view.ts'
import { share } from './summary-view.ts'

/** Lines of one table. */
const MOST_LINES = 20

/** Pairs of answers listed. */
const MOST_CHANGES = 10

/** Below, a difference is called unlikely to be chance. */
const SIGNIFICANT = 0.05

/** Runs side by side: rows, agreement, accuracy, tokens and cost, then where they differ. */
export function renderComparison(view: CompareView, width: number, colors: Colors): string {
  const { comparison, runs } = view
  const [pair] = runs.length === 2 ? comparison.pairs : []
  return [
    runs.map((run, place) => runTitle(run, place, colors)).join(''),
    renderFacts(rowFacts(view), colors),
    runsTable(view, width, colors),
    pair ? '' : agreementTable(comparison, colors, width),
    duelLines(comparison.accuracy, width),
    pair ? pairSections(pair, width, colors) : '',
    labelTable(view, width, colors),
    renderDifferences(view, width, colors),
  ]
    .filter((text) => text !== '')
    .join('\n')
}

function letter(place: number): string {
  return RUN_LETTERS[place] ?? '?'
}

function runTitle({ definition, id, name }: RunRecord, place: number, colors: Colors): string {
  const { model, provider } = definition
  const words = [id, ...(name === null ? [] : [`(${name})`]), model === null ? provider : `${provider}/${model}`]
  return `${colors.bold(letter(place))}  ${plainLine(words.join(' '), 200)}\n`
}

const JOINED_BY = { place: 'by their place in the same input', id: 'by their id', column: 'by the column' } as const

function rowFacts({ comparison, counts, joinedBy }: CompareView): readonly Fact[] {
  const alone = counts.alone.flatMap((rows, place) => (rows === 0 ? [] : [`${count(rows)} of ${letter(place)}`]))
  const keyless = counts.withoutKey.flatMap((rows, place) => (rows === 0 ? [] : [`${count(rows)} of ${letter(place)}`]))
  const { different, pairs, pending, rows } = comparison
  const [pair] = pairs.length === 1 ? pairs : []
  return [
    ['Rows', `${count(rows)} compared, joined ${JOINED_BY[joinedBy]}`],
    ['Left out', alone.length === 0 ? null : `${alone.join(' and ')}: not in every run`],
    ['Nameless', keyless.length === 0 ? null : `${keyless.join(' and ')}: nothing to join them by`],
    ['Pending', pending === 0 ? null : `${counted(pending, 'row')} without a result in some run`],
    ['Agreement', pair ? agreementText(pair) : null],
    ['Different', `${counted(different, 'row')}: other answers, or an answer in some runs only`],
  ]
}

function agreementText({ answered, fields, same }: PairComparison): string {
  const whole = `${share(same, answered)}: ${count(same)} of ${counted(answered, 'row')} that both answered`
  const parts = fields.slice(0, MOST_LINES).map((field) => {
    return `${share(field.same, field.answered)} of ${plainLine(field.field, 40)}`
  })
  return [whole, ...parts].join('\n')
}

/** One line for each fact, one column for each run. */
function runsTable(view: CompareView, width: number, colors: Colors): string {
  const { accuracy, rows, runs } = view.comparison
  const costs = runs.map(({ cost }) => dollars(cost.usd))
  const unknown = runs.map(({ cost }) => cost.unknown)
  const lines: readonly TableLine[] = [
    {
      title: 'answered',
      texts: runs.map(({ answered }) => `${count(answered)} (${share(answered, rows)})`),
      difference: countDifference(runs.map(({ answered }) => answered)),
    },
    ...(accuracy ? [accuracyLine(accuracy)] : []),
    countLine(
      'tokens in',
      runs.map(({ tokens }) => tokens.prompt),
    ),
    countLine(
      'tokens out',
      runs.map(({ tokens }) => tokens.completion),
    ),
    { title: 'cost', texts: costs, difference: costDifference(runs) },
    ...(unknown.some((number) => number > 0) ? [countLine('rows of unknown cost', unknown)] : []),
  ]
  const columns = runs.map((_, place) => ({
    title: letter(place),
    isNumeric: true,
    text: ({ texts }: TableLine) => texts[place] ?? '',
  }))
  const difference = { title: 'B - A', isNumeric: true, text: (line: TableLine) => line.difference }
  const isPair = runs.length === 2
  const table = [{ title: '', text: ({ title }: TableLine) => title }, ...columns, ...(isPair ? [difference] : [])]
  return `${renderFittedTable(table, lines, width, colors)}\n`
}

interface TableLine {
  readonly title: string
  readonly texts: readonly string[]
  readonly difference: string
}

function countLine(title: string, values: readonly number[]): TableLine {
  return { title, texts: values.map(count), difference: countDifference(values) }
}

function countDifference([first = 0, second = 0]: readonly number[]): string {
  return signed(second - first, count)
}

function accuracyLine({ runs }: Accuracy): TableLine {
  const [first, second] = runs
  const points = 100 * ((second?.value ?? 0) - (first?.value ?? 0))
  return {
    title: 'right',
    texts: runs.map(shareText),
    difference: signed(points, (value) => `${value.toFixed(1)} points`),
  }
}

/** `91.2% (88.1 to 93.6)`. */
function shareText({ high, low, value, whole }: Share): string {
  if (whole === 0) return 'no rows'
  return `${(100 * value).toFixed(1)}% (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`
}

function signed(value: number, text: (value: number) => string): string {
  if (value === 0) return '0'
  return `${value > 0 ? '+' : '-'}${text(Math.abs(value))}`
}

/** Empty where either cost is not wholly known. */
function costDifference([first, second]: readonly ComparedRun[]): string {
  if (!first || !second || first.cost.unknown + second.cost.unknown > 0) return ''
  const [before, after] = [first.cost.usd ?? 0, second.cost.usd ?? 0]
  const difference = signed(after - before, dollars)
  return before === 0 ? difference : `${difference} (x ${(after / before).toFixed(2)})`
}

/** How often every two of more than two runs agree. */
function agreementTable({ pairs, runs }: Comparison, colors: Colors, width: number): string {
  const agreement = (one: number, other: number): string => {
    const pair = pairs.find(({ first, second }) => first === Math.min(one, other) && second === Math.max(one, other))
    return pair ? share(pair.same, pair.answered) : ''
  }
  const columns = runs.map((_, place) => ({
    title: letter(place),
    isNumeric: true,
    text: (row: number) => agreement(row, place),
  }))
  const places = [...runs.keys()]
  const table = renderFittedTable([{ title: '', text: letter }, ...columns], places, width, colors)
  return `${colors.bold('Agreement')} of answers that both have\n${table}\n`
}

function duelLines(accuracy: Accuracy | null, width: number): string {
  if (!accuracy) return ''
  return accuracy.duels.map((duel) => `${wrapped(duelText(duel).split(' '), width).join('\n')}\n`).join('')
}

function duelText({ first, onlyFirst, onlySecond, p, second }: Duel): string {
  const [one, other] = [letter(first), letter(second)]
  const rows = onlyFirst + onlySecond
  if (rows === 0) return `${one} and ${other} are right on the same rows.`
  const counts = `Where only one of ${one} and ${other} is right: ${one} on ${counted(onlyFirst, 'row')}, ${other} on ${count(onlySecond)}`
  const better = onlyFirst > onlySecond ? one : other
  const verdict = p < SIGNIFICANT ? `${better} is better` : 'that may be chance'
  return `${counts} (p = ${probability(p)}, exact McNemar): ${verdict}.`
}

function probability(p: number): string {
  return p < 0.001 ? 'under 0.001' : p.toFixed(3)
}

function pairSections({ changes, otherChanges, statuses }: PairComparison, width: number, colors: Colors): string {
  const sections = [
    statuses.every(({ first, second }) => first === 'succeeded' && second === 'succeeded')
      ? ''
      : section('What became of rows', statusTable(statuses, width, colors), colors),
    changes.length === 0
      ? ''
      : section('Answers that differ, the most frequent first', changeTable(changes, width, colors), colors),
  ]
  const rest = changes.slice(MOST_CHANGES).reduce((sum, { rows }) => sum + rows, otherChanges)
  const more = rest === 0 ? '' : `${changes.length === 0 ? '' : 'and '}${counted(rest, 'other difference')}\n`
  return sections.filter((text) => text !== '').join('\n') + more
}

function section(title: string, table: string, colors: Colors): string {
  return `${colors.bold(title)}\n${table}\n`
}

function statusTable(statuses: PairComparison['statuses'], width: number, colors: Colors): string {
  return renderFittedTable(
    [
      { title: 'rows', isNumeric: true, text: ({ rows }) => count(rows) },
      { title: 'A', text: ({ first }) => first },
      { title: 'B', text: ({ second }) => second },
    ],
    statuses.slice(0, MOST_LINES),
    width,
    colors,
  )
}

function changeTable(changes: PairComparison['changes'], width: number, colors: Colors): string {
  return renderFittedTable(
    [
      { title: 'rows', isNumeric: true, text: ({ rows }) => count(rows) },
      { title: 'part', text: ({ field }) => field ?? '' },
      { title: 'A', text: ({ first }) => first || '(empty)' },
      { title: 'B', text: ({ second }) => second || '(empty)' },
      { title: 'for example', text: ({ example }) => example },
    ],
    changes.slice(0, MOST_CHANGES),
    width,
    colors,
  )
}

function labelTable({ comparison: { accuracy }, gold }: CompareView, width: number, colors: Colors): string {
  if (!accuracy || accuracy.labels.length === 0) return ''
  const shown = accuracy.labels.slice(0, MOST_LINES)
  const table = renderFittedTable(
    [
      { title: 'rows', isNumeric: true, text: ({ rows }) => count(rows) },
      { title: gold ?? '', text: (label) => label.gold },
      ...accuracy.runs.map((_, place) => ({
        title: `${letter(place)} right`,
        isNumeric: true,
        text: ({ right, rows }: Accuracy['labels'][number]) =>
          `${count(right[place] ?? 0)} (${share(right[place] ?? 0, rows)})`,
      })),
    ],
    shown,
    width,
    colors,
  )
  const rest = accuracy.labels.slice(MOST_LINES).reduce((sum, { rows }) => sum + rows, accuracy.otherLabels)
  const more = rest === 0 ? '' : `and ${counted(rest, 'row')} with other values\n`
  return section('Right answers by label', table, colors) + more
}
