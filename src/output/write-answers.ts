import type { Disk } from '../lib/disk.ts'
import type { Column, ColumnType } from '../model/column.ts'
import { LlmBatchError } from '../model/error.ts'
import { DAMAGED_LINE } from '../model/outcome.ts'
import type { RowOutcome } from '../model/row.ts'
import type { OutputFormat, OutputPlan } from '../model/run.ts'
import { type CostOf, isFailed } from './answer.ts'
import type { AnswerShape } from './answer-shape.ts'
import { csvFormat, DELIMITERS } from './csv-format.ts'
import { into, type TextSink } from './destination.ts'
import { type OutputField, outputFields } from './fields.ts'
import { formatOf } from './format.ts'
import { jsonArrayFormat } from './json-array-format.ts'
import { jsonlFormat } from './jsonl-format.ts'
import { TypeFinder } from './parquet/infer-types.ts'
import { parquetWriter } from './parquet/writer.ts'
import { providerFormat } from './provider-format.ts'
import type { ByteSink, RowWriter } from './row-writer.ts'
import { textWriter } from './text-writer.ts'

export interface WriteAnswersOptions {
  /** All rows of the run in input order, in lists of any length; or some of them, where `isPart` says so. */
  readonly rows: AsyncIterable<readonly RowOutcome[]>
  /** True where rows were left out on purpose; else a missing row is an error. @default false */
  readonly isPart?: boolean
  /** The input's columns in order. */
  readonly columns: readonly Column[]
  /**
   * The JSON texts of the same rows alone, for one more pass where Parquet or SQLite needs the types of columns that have
   * none. @default such columns hold JSON text, in SQLite values of any type
   */
  readonly texts?: (() => AsyncIterable<readonly string[]>) | undefined
  /** True where the input has several files. @default false */
  readonly hasSources?: boolean | undefined
  /** @default text */
  readonly shape?: AnswerShape | undefined
  /** True where rows may have been asked again. @default false */
  readonly hasTurns?: boolean | undefined
  readonly plan: OutputPlan
  readonly costOf: CostOf
  readonly disk: Disk
  /** Needed where the plan's path is `-`. */
  readonly sink?: TextSink
}

/** The files of answers that were written. */
export interface WrittenAnswers {
  readonly rows: number
  readonly bytes: number
  /**
   * CSV and TSV cells from the model or the provider that a spreadsheet would take for a formula; neutralised where the plan
   * says `excelSafe`. Zero for other formats.
   */
  readonly formulaCells: number
  /** Rows whose answer is lost, because the line in the raw result file is damaged. */
  readonly damagedRows: number
  /** The file with the rows that did not succeed; null where none was asked for. */
  readonly failed: { readonly path: string; readonly rows: number } | null
}

/**
 * Writes one line per row given, in input order, with flat memory. A file appears under its name only when it is
 * whole, and replaces what was there; may be repeated. Throws where a row is doubled or out of order, and, unless only a
 * part of the run was asked for, where one is missing.
 */
export async function writeAnswers(options: WriteAnswersOptions): Promise<WrittenAnswers> {
  const { isPart = false, plan } = options
  const rows = inOrder(options.rows, isPart)
  const { failedPath, path } = plan
  if (path === null) {
    throw new LlmBatchError('usage', 'the answers have no file', { next: 'Name a file with -o.' })
  }
  const failedFormat = failedPath === null ? undefined : formatOf(failedPath)
  const types = await missingTypes(options, [plan.format, failedFormat])
  const write = async (main: RowWriter, failed?: RowWriter): Promise<Written> => {
    return { ...(await writeRows(rows, main, failed)), formulaCells: main.formulaCells }
  }
  const { bytes, result } = await intoFile(path, plan.format, options, types, async (main) => {
    if (failedPath === null || failedFormat === undefined) return await write(main)
    return (await intoFile(failedPath, failedFormat, options, types, (failed) => write(main, failed))).result
  })
  const { damagedRows, failedRows, formulaCells, rows: count } = result
  return {
    rows: count,
    bytes,
    formulaCells,
    damagedRows,
    failed: failedPath === null ? null : { path: failedPath, rows: failedRows },
  }
}

interface Counted {
  readonly rows: number
  readonly failedRows: number
  readonly damagedRows: number
}

interface Written extends Counted {
  readonly formulaCells: number
}

/** Hands a writer to `write` that leads to a file of the format, or to the sink for `-`. */
async function intoFile<Result>(
  path: string,
  format: OutputFormat,
  options: WriteAnswersOptions,
  types: ReadonlyMap<string, ColumnType>,
  write: (writer: RowWriter) => Promise<Result>,
): Promise<{ readonly result: Result; readonly bytes: number }> {
  const { costOf, disk, plan, shape = TEXT, sink } = options
  if (format !== 'sqlite')
    return await into(path, { disk, sink }, (bytes) => write(writerFor(format, options, types, bytes)))
  // Loaded when it is needed: no other format should wait for the engine.
  const { intoTable } = await import('./sqlite/into-table.ts')
  const fields = fieldsFor(format, options)
  return await intoTable({ path, table: plan.tableName, disk }, { fields, types, shape, costOf }, write)
}

function writerFor(
  format: Exclude<OutputFormat, 'sqlite'>,
  options: WriteAnswersOptions,
  types: ReadonlyMap<string, ColumnType>,
  sink: ByteSink,
): RowWriter {
  const { costOf, plan, shape = TEXT } = options
  const fields = fieldsFor(format, options)
  const jsonLines = () => jsonlFormat({ fields, isWholeRow: plan.columns === null, shape, costOf })
  switch (format) {
    case 'jsonl':
      return textWriter(jsonLines(), sink)
    case 'json':
      return textWriter(jsonArrayFormat(jsonLines()), sink)
    case 'csv':
    case 'tsv':
      return textWriter(
        csvFormat({ fields, delimiter: DELIMITERS[format], shape, excelSafe: plan.excelSafe, costOf }),
        sink,
      )
    case 'parquet':
      return parquetWriter({ fields, types, shape, costOf }, sink)
    case 'provider':
      return textWriter(providerFormat(), sink)
  }
}

const TEXT: AnswerShape = { kind: 'text' }

function fieldsFor(
  format: OutputFormat,
  { columns, hasSources = false, hasTurns = false, plan, shape = TEXT }: WriteAnswersOptions,
): readonly OutputField[] {
  return outputFields({ plan, format, shape, columns, hasSources, hasTurns })
}

/** The types of columns that have none, found in one pass over their values; only Parquet and SQLite ask for them. */
async function missingTypes(
  options: WriteAnswersOptions,
  formats: readonly (OutputFormat | undefined)[],
): Promise<ReadonlyMap<string, ColumnType>> {
  const { texts } = options
  const untyped = fieldsFor('parquet', options).filter((field) => field.kind === 'input' && field.type === null)
  const isTyped = formats.includes('parquet') || formats.includes('sqlite')
  if (!isTyped || untyped.length === 0 || !texts) return new Map()
  const finders = new Map(untyped.map(({ name }) => [name, new TypeFinder()]))
  for await (const list of texts()) {
    for (const text of list) {
      for (const [name, value] of Object.entries(JSON.parse(text) as object)) finders.get(name)?.add(value)
    }
  }
  return new Map(Array.from(finders, ([name, finder]) => [name, finder.type()]))
}

async function writeRows(
  lists: AsyncIterable<readonly RowOutcome[]>,
  main: RowWriter,
  failed: RowWriter | undefined,
): Promise<Counted> {
  let rows = 0
  let failedRows = 0
  let damagedRows = 0
  for await (const list of lists) {
    rows += list.length
    for (const { result } of list) if (result?.outcome.code === DAMAGED_LINE) damagedRows += 1
    await main.add(list)
    if (!failed) continue
    const unsuccessful = list.filter(isFailed)
    failedRows += unsuccessful.length
    await failed.add(unsuccessful)
  }
  await main.finish()
  await failed?.finish()
  return { rows, failedRows, damagedRows }
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
