import { type AsyncBuffer, parquetMetadataAsync, type RowGroup } from 'hyparquet'
import { assembleNested } from 'hyparquet/src/assemble.js'
import type { DiskFile } from '../../lib/disk.ts'
import type { Column } from '../../model/column.ts'
import { LlmBatchError, messageOf } from '../../model/error.ts'
import type { ReadRow } from '../../model/row.ts'
import type { Reader, ReaderOptions } from '../reader.ts'
import { type Decoding, loadDecoding } from './decoding.ts'
import { type JsonTextOf, jsonTextOf, NotTextError } from './json-text.ts'
import { LeafReader } from './leaf-reader.ts'
import { leavesOf, type ParquetColumn, readSchema, typeOf } from './schema.ts'

/** Rows handed on at once, and characters of them where they are large. */
const ROWS_PER_LIST = 1_000
const CHARACTERS_PER_LIST = 1_000_000

/** Read ahead, over all columns of a group. */
const READ_AHEAD_BYTES = 8 * 1_024 * 1_024

/** A column with its values as JSON text. */
interface TextColumn extends ParquetColumn {
  readonly begin: string
  readonly text: JsonTextOf
}

/** State of reading that is the same for the whole file. */
interface OpenFile {
  readonly name: string
  readonly file: DiskFile
  readonly columns: readonly TextColumn[]
  /** The same for those who ask what the rows hold; one list for all rows. */
  readonly table: readonly Column[]
  readonly decoding: Decoding
  readonly maxLineBytes: number
}

/**
 * Reads Parquet: a page of each column at a time, so that memory does not depend on the size of a row group. `line` is
 * the record's number, from 1. The columns keep their types; their values become JSON text once.
 */
export const readParquet: Reader = async function* (source, options) {
  if (!source.file) {
    throw new LlmBatchError(
      'input',
      `${source.name} is Parquet, which can only be read from a file, because it is read from its end`,
      {
        next: 'Save it to a file, and name that file.',
      },
    )
  }
  const { disk, path } = source.file
  const file = await disk.open(path, 'read')
  try {
    yield* rowsOf(file, (await disk.size(path)) ?? 0, source.name, options)
  } catch (error) {
    if (LlmBatchError.isInstance(error)) throw error
    throw new LlmBatchError('input', `${source.name} cannot be read as Parquet: ${messageOf(error)}`, {
      next: 'Check the file with another reader; nothing was sent.',
      cause: error,
    })
  } finally {
    await file.close()
  }
}

async function* rowsOf(
  file: DiskFile,
  byteLength: number,
  name: string,
  { maxLineBytes }: ReaderOptions,
): AsyncIterable<readonly ReadRow[]> {
  const metadata = await parquetMetadataAsync(bufferOf(file, byteLength), { geoparquet: false })
  const columns = readSchema(metadata).map((column, at) => ({
    ...column,
    begin: `${at === 0 ? '{' : ','}${JSON.stringify(column.name)}:`,
    text: jsonTextOf(column.node),
  }))
  const table = columns.map((column) => ({ name: column.name, type: typeOf(column.node) }))
  refuseDoubles(table, name)
  const open = { name, file, columns, table, decoding: await loadDecoding(), maxLineBytes }
  let line = 1
  for (const group of metadata.row_groups) {
    for await (const rows of groupRows(open, group, line)) {
      line += rows.length
      yield rows
    }
  }
}

function bufferOf(file: DiskFile, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const { buffer, byteOffset, length } = await file.read(start, end - start)
      return buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer
    },
  }
}

function refuseDoubles(columns: readonly Column[], name: string): void {
  const seen = new Set<string>()
  for (const column of columns) {
    if (seen.has(column.name)) {
      throw new LlmBatchError('input', `${name} has more than one column called "${column.name}"`, {
        next: 'Give every column a name of its own.',
      })
    }
    seen.add(column.name)
  }
}

async function* groupRows(open: OpenFile, group: RowGroup, firstLine: number): AsyncIterable<readonly ReadRow[]> {
  const { columns, decoding, file } = open
  const paths = columns.flatMap(({ tree }) => leavesOf(tree))
  if (paths.length !== group.columns.length) throw new Error('a row group has other columns than the schema')
  const readBytes = Math.floor(READ_AHEAD_BYTES / Math.max(1, paths.length))
  const leaves = group.columns.map((chunk, at) => new LeafReader(file, paths[at] ?? [], chunk, { decoding, readBytes }))
  const rowCount = Number(group.num_rows)
  let done = 0
  while (done < rowCount) {
    for (const leaf of leaves) await leaf.fill()
    const count = Math.min(ROWS_PER_LIST, rowCount - done, ...leaves.map(({ ready }) => ready))
    if (count === 0) throw new Error(`a column ends after ${done} of ${rowCount} rows`)
    yield* lists(open, assemble(open, leaves, count), { count, firstLine: firstLine + done })
    done += count
  }
}

/** The next values of every column, put together from their leaves. */
function assemble({ columns, decoding }: OpenFile, leaves: readonly LeafReader[], count: number) {
  const parts = new Map(leaves.map((leaf) => [leaf.key, leaf.take(count)]))
  return columns.map(({ tree }) => {
    assembleNested(parts, tree, decoding.parsers)
    return parts.get(tree.path.join('.')) ?? []
  })
}

function* lists(
  open: OpenFile,
  values: readonly ArrayLike<unknown>[],
  { count, firstLine }: { readonly count: number; readonly firstLine: number },
): Iterable<readonly ReadRow[]> {
  let list: ReadRow[] = []
  let characters = 0
  for (let at = 0; at < count; at += 1) {
    const read = readRow(open, values, at, firstLine + at)
    list.push(read)
    characters += 'row' in read ? read.row.json.length : 0
    if (characters < CHARACTERS_PER_LIST) continue
    yield list
    list = []
    characters = 0
  }
  if (list.length > 0) yield list
}

function readRow(
  { columns, maxLineBytes, table }: OpenFile,
  values: readonly ArrayLike<unknown>[],
  at: number,
  line: number,
): ReadRow {
  let json = ''
  for (const [index, { begin, name, text }] of columns.entries()) {
    try {
      json += begin + text(values[index]?.[at])
    } catch (error) {
      if (!(error instanceof NotTextError)) throw error
      return { problem: { code: 'invalid_encoding', line, detail: `the text in "${name}" is not UTF-8` } }
    }
  }
  if (json.length > maxLineBytes) {
    return { problem: { code: 'line_too_long', line, detail: `the record is longer than ${maxLineBytes} bytes` } }
  }
  json = json === '' ? '{}' : `${json}}`
  return { row: { line, json, record: JSON.parse(json) as Record<string, unknown>, columns: table } }
}
