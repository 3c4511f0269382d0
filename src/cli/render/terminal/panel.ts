import type { ProgressView } from '../progress/progress-view.ts'
import type { Colors } from './colors.ts'
import { panelLines } from './panel-lines.ts'
import { displayWidth } from './width.ts'

/**
 * The part of a terminal that the panel needs; `process.stderr` is one where it is a TTY. Sizes are read at every drawing.
 */
export interface Terminal {
  readonly columns: number
  readonly rows: number
  write(text: string): unknown
}

/** In a terminal narrower than this the lines wrap, which is ugly but does no harm. */
const FEWEST_CELLS = 20
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const ERASE_TO_LINE_END = '\x1b[K'
const ERASE_BELOW = '\x1b[J'

/**
 * Progress that rewrites its own lines. The cursor is hidden only while a drawing is written and rests below the
 * panel, so that no way to die leaves the terminal without it. Whatever else goes to the same terminal meanwhile must
 * go through `print`, or the panel rewrites the wrong lines.
 */
export class Panel {
  readonly #terminal: Terminal
  readonly #colors: Colors
  /** Cells of each line of the last drawing. */
  #drawn: readonly number[] = []

  constructor(terminal: Terminal, colors: Colors) {
    this.#terminal = terminal
    this.#colors = colors
  }

  /** Draws this moment in place of the one before. */
  show(view: ProgressView): void {
    const { columns, rows } = this.#terminal
    // One cell stays free: some terminals wrap a line that fills the last one.
    const lines = panelLines(view, Math.max(FEWEST_CELLS, columns - 1), this.#colors).slice(0, Math.max(1, rows - 1))
    this.#write(lines.map((line) => `${line}\n`).join(''))
    this.#drawn = lines.map(displayWidth)
  }

  /** Puts text above the panel for good; the panel comes back with the next `show`. */
  print(text: string): void {
    this.#write(text.endsWith('\n') ? text : `${text}\n`)
    this.#drawn = []
  }

  /** Removes the panel; may be repeated. */
  clear(): void {
    if (this.#drawn.length > 0) this.#write('')
    this.#drawn = []
  }

  #write(text: string): void {
    // Old lines are written over and only what is left of them erased: erasing all first would flicker, and where the
    // panel fills the screen, some terminals would keep a copy of it in their history each time.
    const lines = text.replaceAll('\n', `${ERASE_TO_LINE_END}\n`)
    this.#terminal.write(HIDE_CURSOR + this.#toStart() + lines + ERASE_BELOW + SHOW_CURSOR)
  }

  /** Back to the panel's first line. A terminal made narrower since has wrapped our lines, so they are counted anew. */
  #toStart(): string {
    const { columns, rows } = this.#terminal
    const height = this.#drawn.reduce((sum, cells) => sum + Math.max(1, Math.ceil(cells / Math.max(1, columns))), 0)
    return height === 0 ? '\r' : `\r\x1b[${Math.min(height, Math.max(1, rows - 1))}A`
  }
}
