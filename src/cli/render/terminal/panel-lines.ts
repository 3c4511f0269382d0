import { formatDuration } from '../../../lib/duration.ts'
import { plainLine } from '../../../lib/plain-text.ts'
import type { ProgressView } from '../progress/progress-view.ts'
import { describeBatches } from '../words/batch-words.ts'
import { describeExecuted, describeOutcomes, doneRows } from '../words/outcome-words.ts'
import type { Colors } from './colors.ts'
import { count, percent } from './quantity.ts'
import { displayWidth, fitted, wrapped } from './width.ts'

const WIDEST_BAR = 40
const NARROWEST_BAR = 10
const MOST_NOTES = 5
const MOST_NOTE_CHARACTERS = 300

/** The panel's lines, none wider than `cells` where that is at least 20; text from outside is cleaned. */
export function panelLines(view: ProgressView, cells: number, colors: Colors): readonly string[] {
  return [
    headLine(view, cells, colors),
    ...barLines(view, cells, colors),
    ...partLines('', [...describeOutcomes(view.byStatus, colors), ...describeExecuted(view.executedThere)], cells),
    ...partLines('Batches: ', describeBatches(view.batches), cells),
    ...partLines('', timeParts(view), cells).map(colors.dim),
    ...noteLines(view.notes, cells).map(colors.yellow),
  ]
}

function headLine({ runId, name, elapsedMs }: ProgressView, cells: number, colors: Colors): string {
  const elapsed = formatDuration(elapsedMs)
  const title = fitted(name === null ? runId : `${plainLine(name)} (${runId})`, Math.max(1, cells - elapsed.length - 1))
  const gap = ' '.repeat(Math.max(1, Math.min(cells, 80) - displayWidth(title) - elapsed.length))
  return `${colors.bold(title)}${gap}${colors.dim(elapsed)}`
}

function barLines({ byStatus, total }: ProgressView, cells: number, colors: Colors): readonly string[] {
  const done = doneRows(byStatus)
  const text = `${percent(done, total)}  ${count(done)} of ${count(total)} rows`
  const beside = cells - displayWidth(text) - 2
  const width = Math.min(beside >= NARROWEST_BAR ? beside : cells, WIDEST_BAR)
  const filled = total === 0 ? 0 : Math.floor((width * done) / total)
  const bar = colors.green('█'.repeat(filled)) + colors.dim('░'.repeat(Math.max(0, width - filled)))
  return beside >= NARROWEST_BAR ? [`${bar}  ${text}`] : [bar, fitted(text, cells)]
}

function timeParts({ oldestAgeMs, nextPollInMs, expiresInMs, deadlineInMs }: ProgressView): readonly string[] {
  const parts: string[] = []
  if (oldestAgeMs !== null) parts.push(`oldest batch ${formatDuration(oldestAgeMs)}`)
  if (nextPollInMs !== null) {
    parts.push(nextPollInMs < 1_000 ? 'looking now' : `next look in ${formatDuration(nextPollInMs)}`)
  }
  if (expiresInMs !== null) parts.push(`expires in ${formatDuration(expiresInMs)}`)
  if (deadlineInMs !== null) parts.push(`deadline in ${formatDuration(deadlineInMs)}`)
  return parts
}

function partLines(label: string, parts: readonly string[], cells: number): readonly string[] {
  const [first, ...rest] = parts
  return first === undefined ? [] : wrapped([label + first, ...rest], cells, ', ', '  ')
}

function noteLines(notes: readonly string[], cells: number): readonly string[] {
  const shown = notes.slice(0, MOST_NOTES)
  const more = notes.length - shown.length
  const texts = more === 0 ? shown : [...shown, `and ${count(more)} more`]
  return texts.flatMap((note) => {
    const words = plainLine(note, MOST_NOTE_CHARACTERS).split(' ')
    return wrapped(['!', ...words], cells, ' ', '  ')
  })
}
