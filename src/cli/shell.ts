import type { Readable, Writable } from 'node:stream'
import type { Machine } from '../lib/machine.ts'
import { visibleText } from '../lib/plain-text.ts'
import { inFlags } from '../model/options/mention.ts'
import { type Colors, colorsFor } from './render/terminal/colors.ts'
import { fold } from './render/terminal/fold.ts'
import type { Panel, Terminal } from './render/terminal/panel.ts'

/** A stream that may be a terminal; `process.stdout` and `process.stderr` are such. */
type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }

/** The streams of a process. */
export interface Streams {
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly output: OutputStream
  readonly error: OutputStream
}

/** Sizes of a terminal that does not tell its own. */
const USUAL_COLUMNS = 80
const USUAL_ROWS = 24

/** The text as a terminal shows it without breaking words; unchanged for anything else. */
function foldedFor({ columns, isTTY }: OutputStream, text: string): string {
  return isTTY === true ? fold(text, columns || USUAL_COLUMNS) : text
}

/**
 * The process as commands see it. What was asked for goes to standard output by `print`; everything said on the way
 * goes to standard error by `tell`, so that a pipe gets data only.
 */
export class Shell {
  readonly machine: Machine
  readonly streams: Streams
  readonly outputColors: Colors
  readonly errorColors: Colors
  #panel: Panel | undefined

  constructor(machine: Machine, streams: Streams) {
    this.machine = machine
    this.streams = streams
    this.outputColors = colorsFor(streams.output, machine.environment)
    this.errorColors = colorsFor(streams.error, machine.environment)
  }

  /** True where a person looks at standard output. */
  get isOutputTerminal(): boolean {
    return this.streams.output.isTTY === true
  }

  /** Cells of a line of standard output; in a pipe, what `COLUMNS` says. */
  get outputColumns(): number {
    const named = Number(this.machine.environment['COLUMNS'])
    return this.streams.output.columns || (Number.isSafeInteger(named) && named > 0 ? named : USUAL_COLUMNS)
  }

  /** True where a person can be asked something. */
  get canAsk(): boolean {
    return this.streams.input.isTTY === true && this.streams.error.isTTY === true
  }

  /** The terminal behind standard error, or null where lines of progress should be plain. */
  get terminal(): Terminal | null {
    const { error } = this.streams
    if (error.isTTY !== true || this.machine.environment['TERM'] === 'dumb') return null
    return {
      get columns() {
        return error.columns || USUAL_COLUMNS
      },
      get rows() {
        return error.rows || USUAL_ROWS
      },
      write: (text) => error.write(text),
    }
  }

  /** Writes to standard output; resolves when it is ready for more, rejects when it is closed. */
  print(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.streams.output.write(text, (error) => (error ? reject(error) : resolve()))
    })
  }

  /** Writes what a person asked to see to standard output, folded where that is a terminal. */
  show(text: string): Promise<void> {
    return this.print(foldedFor(this.streams.output, text))
  }

  /** Writes data to standard output as it is, but to a terminal with its control characters made visible. */
  printData(text: string): Promise<void> {
    return this.print(this.isOutputTerminal ? visibleText(text) : text)
  }

  /** Writes a value to standard output as one JSON document. */
  printJson(value: unknown): Promise<void> {
    return this.printData(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** Writes one or more lines to standard error, options in them by their flags, above the panel where one is shown. */
  tell(text: string): void {
    const lines = foldedFor(this.streams.error, inFlags(text.endsWith('\n') ? text : `${text}\n`))
    if (this.#panel) this.#panel.print(lines)
    else this.streams.error.write(lines)
  }

  /** Tells of something that does not stop the work. */
  warn(message: string): void {
    this.tell(`${this.errorColors.yellow('warning:')} ${message}`)
  }

  /** While a panel is shown, everything told goes through it; undefined when it is gone. */
  showPanel(panel: Panel | undefined): void {
    this.#panel = panel
  }
}
