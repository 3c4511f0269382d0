import { formatDuration } from '../../../lib/duration.ts'
import { plainLine } from '../../../lib/plain-text.ts'
import type { Colors } from '../terminal/colors.ts'
import { count, percent } from '../terminal/quantity.ts'
import { describeBatches } from '../words/batch-words.ts'
import { describeExecuted, describeOutcomes, doneRows } from '../words/outcome-words.ts'
import type { ProgressView } from './progress-view.ts'

/** The shortest time between two lines that tell of rows only. */
const QUIET_MS = 30_000

/**
 * Progress as plain lines, for logs: one when a batch changed its state or a note came, otherwise at most one every
 * 30 seconds, and none where nothing changed.
 */
export class PlainProgress {
  readonly #write: (line: string) => unknown
  readonly #colors: Colors
  #lastText = ''
  #lastStates = ''
  #lastAtMs = Number.NEGATIVE_INFINITY

  /** `write` gets whole lines, line feed included. */
  constructor(write: (line: string) => unknown, colors: Colors) {
    this.#write = write
    this.#colors = colors
  }

  /** Writes a line where this moment is worth one. */
  show(view: ProgressView): void {
    const states = statesOf(view)
    const isDue = states !== this.#lastStates || view.elapsedMs - this.#lastAtMs >= QUIET_MS
    if (isDue) this.#print(view, states)
  }

  /** Writes the last moment, unless that was written already. */
  finish(view: ProgressView): void {
    this.#print(view, statesOf(view))
  }

  #print(view: ProgressView, states: string): void {
    const text = progressText(view, this.#colors)
    if (text === this.#lastText) return
    this.#write(`[${formatDuration(view.elapsedMs)}] ${text}\n`)
    this.#lastText = text
    this.#lastStates = states
    this.#lastAtMs = view.elapsedMs
  }
}

/** Notes count without their numbers: `4m left` changes all the time and is not news. */
function statesOf({ batches, notes }: ProgressView): string {
  return JSON.stringify([describeBatches(batches), notes.map((note) => note.replace(/\d+/g, '#'))])
}

function progressText({ byStatus, total, batches, executedThere, notes }: ProgressView, colors: Colors): string {
  const done = doneRows(byStatus)
  return [
    `${count(done)} of ${count(total)} rows (${percent(done, total)})`,
    [...describeOutcomes(byStatus, colors), ...describeExecuted(executedThere)].join(', '),
    describeBatches(batches)
      .join(', ')
      .replace(/^(?=.)/, 'batches: '),
    ...notes.map((note) => plainLine(note)),
  ]
    .filter((part) => part !== '')
    .join('; ')
}
