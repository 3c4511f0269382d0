import { peekBytes } from '../lib/peek.ts'
import type { Column } from '../model/column.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { ReadRow } from '../model/row.ts'
import { type CsvDialect, detectDialect, givenDelimiter } from './csv-dialect.ts'
import { type CsvRecord, CsvRecordCutter } from './csv-records.ts'
import { canonicalEncoding, decodeText, detectEncoding, ENCODING_HEAD_BYTES } from './encoding.ts'
import type { ByteSource, Reader, ReaderOptions } from './reader.ts'

/** Names the columns and turns the records below them into rows. */
type RowMaker = (record: CsvRecord) => ReadRow

/**
 * Reads CSV with a header line. All values are text. Blank lines are ignored; in a file of one column that includes
 * lines with nothing but `""`, which the parser does not tell apart. A record with more or fewer fields than the header
 * is a problem; a quote that never closes, which would swallow the rest, is an error.
 */
export const readCsv: Reader = async function* (source, options) {
  const name = source.name
  let makeRow: RowMaker | undefined
  let cutter: CsvRecordCutter | undefined
  for await (const { text, dialect } of openText(source, options)) {
    cutter ??= new CsvRecordCutter(dialect)
    const records = text === undefined ? cutter.end() : cutter.push(text)
    if (cutter.pendingLength > (text === undefined ? 0 : options.maxLineBytes)) throw endlessRecord(name, cutter.line)
    const rows: ReadRow[] = []
    for (const record of records) {
      if (isBlank(record)) continue
      if (makeRow) rows.push(makeRow(record))
      else makeRow = rowMaker(record, name)
    }
    if (rows.length > 0) yield rows
  }
}

/** Pieces of text with the dialect that the first of them show; the last piece is undefined. */
async function* openText(
  source: ByteSource,
  options: ReaderOptions,
): AsyncIterable<{ readonly text: string | undefined; readonly dialect: CsvDialect }> {
  const { head, all } = await peekBytes(source.open(), ENCODING_HEAD_BYTES)
  const encoding = options.encoding === undefined ? detectEncoding(head) : canonicalEncoding(options.encoding)
  const given = options.delimiter === undefined ? undefined : givenDelimiter(options.delimiter)
  let header = ''
  let dialect: CsvDialect | undefined
  for await (const text of decodeText(all, encoding, source.name)) {
    if (dialect) {
      yield { text, dialect }
      continue
    }
    header += text
    if (header.length > options.maxLineBytes) throw endlessRecord(source.name, 1)
    dialect = detect(header, false, given)
    if (dialect) yield { text: header, dialect }
  }
  const last = dialect ?? detect(header, true, given)
  if (!dialect && header !== '') yield { text: header, dialect: last }
  yield { text: undefined, dialect: last }
}

function detect(header: string, isAll: true, delimiter: string | undefined): CsvDialect
function detect(header: string, isAll: boolean, delimiter: string | undefined): CsvDialect | undefined
function detect(header: string, isAll: boolean, delimiter: string | undefined): CsvDialect | undefined {
  const detected = detectDialect(header, isAll)
  return detected && delimiter !== undefined ? { ...detected, delimiter } : detected
}

function isBlank(record: CsvRecord): boolean {
  return record.fields.length === 1 && record.fields[0]?.trim() === ''
}

function rowMaker(header: CsvRecord, name: string): RowMaker {
  const columns = checkedColumns(header.fields, name)
  const table = columns.map((column): Column => ({ name: column, type: { kind: 'string' } }))
  const keys = columns.map((column, index) => `${index === 0 ? '{' : ','}${JSON.stringify(column)}:`)
  return ({ fields, firstLine, lastLine, isMalformed }) => {
    if (isMalformed) {
      const place = lastLine > firstLine ? ` (the record goes on to line ${lastLine})` : ''
      const detail = `a quote inside a quoted field is not doubled${place}`
      return { problem: { code: 'invalid_csv', line: firstLine, detail } }
    }
    if (fields.length !== columns.length) {
      const detail = `${fields.length} fields, but the header has ${columns.length}; text with a delimiter needs quotes`
      return { problem: { code: 'invalid_csv', line: firstLine, detail } }
    }
    // Written by hand, because an object would put columns called "1" or "2" before all others.
    let json = ''
    for (let at = 0; at < keys.length; at += 1) json += keys[at] + JSON.stringify(fields[at])
    // From entries, because they make `__proto__` a column like any other.
    const record = Object.fromEntries(columns.map((column, at) => [column, fields[at]]))
    return { row: { line: firstLine, json: `${json}}`, record, columns: table } }
  }
}

function checkedColumns(columns: readonly string[], name: string): readonly string[] {
  const unnamed = columns.findIndex((column) => column.trim() === '')
  if (unnamed >= 0) throw headerError(`column ${unnamed + 1} of ${name} has no name`)
  const twice = columns.find((column, at) => columns.indexOf(column) !== at)
  if (twice !== undefined) throw headerError(`${name} has more than one column called "${twice}"`)
  return columns
}

function headerError(message: string): LlmBatchError {
  return new LlmBatchError('input', message, { next: 'Give every column in the first line a name of its own.' })
}

function endlessRecord(name: string, line: number): LlmBatchError {
  return new LlmBatchError('input', `the record at line ${line} of ${name} does not end`, {
    next: `Look for a quote (") that is opened there and never closed, or for the wrong ${mention('delimiter')}.`,
  })
}
