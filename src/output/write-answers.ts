import { writeAtomically } from '../lib/atomic-file.ts'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import type { RowOutcome } from '../model/row.ts'
import type { OutputPlan } from '../model/run.ts'
import type { CostOf } from './answer.ts'
import { csvFormat } from './csv-format.ts'
import { jsonlFormat } from './jsonl-format.ts'
import type { LineFormat } from './line-format.ts'
import { providerFormat } from './provider-format.ts'

/** Characters gathered before they are handed on; more does not make it faster. */
const PIECE_CHARACTERS = 1 << 16

/** Where answers go that do not go to a file, such as standard output. */
export interface TextSink {
  /** Resolves when the sink is ready for more. */
  write(text: string): Promise<void>
}

export interface WriteAnswersOptions {
  /** All rows of the run in input order, in lists of any length; or some of them, where `isPart` says so. */
  readonly rows: AsyncIterable<readonly RowOutcome[]>
  /** True where rows were left out on purpose; else a missing row is an error. @default false */
  readonly isPart?: boolean
  /** The input's columns in order; used by CSV only. */
  readonly columns: readonly string[]
  readonly plan: OutputPlan
  readonly costOf: CostOf
  /** True where rows may have been asked again; JSON lines then tell how often. @default false */
  readonly hasTurns?: boolean
  readonly disk: Disk
  /** Needed where the plan's path is `-`. */
  readonly sink?: TextSink
}

/** What was written. */
export interface WrittenAnswers {
  readonly rows: number
  readonly bytes: number
  /**
   * CSV cells from the model or the provider that a spreadsheet would take for a formula; neutralised where the plan
   * says `excelSafe`. Zero for other formats.
   */
  readonly formulaCells: number
}

/**
 * Writes one line per row given, in input order, with flat memory. A file appears under its name only when it is
 * whole, and replaces what was there; may be repeated. Throws where a row is doubled or out of order, and, unless only a
 * part of the run was asked for, where one is missing.
 */
export async function writeAnswers(options: WriteAnswersOptions): Promise<WrittenAnswers> {
  const { plan, disk, isPart = false, sink } = options
  const format = formatFor(options)
  if (plan.path === null) {
    throw new LlmBatchError('usage', 'no file for the answers is named', { next: 'Name one with -o OUT.' })
  }
  if (plan.path !== '-') {
    let written = { rows: 0, bytes: 0 }
    await writeAtomically(disk, plan.path, async (writer) => {
      written = await writeLines(inOrder(options.rows, isPart), format, (text) => writer.writeText(text))
    })
    return { ...written, formulaCells: format.formulaCells }
  }
  if (sink === undefined) throw new TypeError('writing to `-` needs a sink')
  const written = await writeLines(inOrder(options.rows, isPart), format, async (text) => {
    await sink.write(text)
    return Buffer.byteLength(text)
  })
  return { ...written, formulaCells: format.formulaCells }
}

function formatFor({ plan, columns, costOf, hasTurns }: WriteAnswersOptions): LineFormat {
  switch (plan.format) {
    case 'jsonl':
      return jsonlFormat(plan.prefix, costOf, hasTurns)
    case 'csv':
      return csvFormat({ columns, prefix: plan.prefix, excelSafe: plan.excelSafe, costOf })
    case 'provider':
      return providerFormat()
  }
}

/** `write` takes text and tells how many bytes it was. */
async function writeLines(
  rows: AsyncIterable<readonly RowOutcome[]>,
  format: LineFormat,
  write: (text: string) => Promise<number>,
): Promise<{ rows: number; bytes: number }> {
  let count = 0
  let bytes = 0
  let piece = format.header
  for await (const list of rows) {
    for (const row of list) {
      count += 1
      piece += format.line(row)
      if (piece.length < PIECE_CHARACTERS) continue
      bytes += await write(piece)
      piece = ''
    }
  }
  if (piece !== '') bytes += await write(piece)
  return { rows: count, bytes }
}

/** An answer on the wrong row is worse than none: rows must come in order, and complete unless a part was asked for. */
async function* inOrder(
  lists: AsyncIterable<readonly RowOutcome[]>,
  isPart: boolean,
): AsyncIterable<readonly RowOutcome[]> {
  let next = 0
  for await (const list of lists) {
    for (const row of list) {
      assertNext(row, next, isPart)
      next = row.ordinal + 1
    }
    yield list
  }
}

function assertNext({ ordinal }: RowOutcome, next: number, isPart: boolean): void {
  if (ordinal === next || (isPart && ordinal > next)) return
  throw new LlmBatchError('conflict', `row ${next} should be written next, but row ${ordinal} was given`)
}
