import { extname } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import { GunzipRatioError, gunzip, isGzip } from '../lib/gzip.ts'
import { peekBytes } from '../lib/peek.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import type { ReadRow } from '../model/row.ts'
import type { InputFormat } from '../model/run.ts'
import { detectEncoding, ENCODING_HEAD_BYTES } from './encoding.ts'
import { readIterable } from './iterable.ts'
import { readJsonLines } from './jsonl.ts'
import type { ByteSource, Reader } from './reader.ts'
import { readTextLines } from './text-lines.ts'

/** Source of rows: a file, several files read as one input, a stream such as standard input, or values in memory. */
export type InputSource =
  | { readonly path: string }
  | { readonly paths: readonly string[] }
  | { readonly stream: AsyncIterable<Uint8Array> }
  | { readonly rows: Iterable<unknown> | AsyncIterable<unknown> }

export interface InputOptions {
  readonly source: InputSource
  readonly disk: Disk
  /** Of all files. @default by each file's ending; for a stream by its first characters */
  readonly format?: InputFormat | undefined
  /** CSV only. @default what the header line shows: comma, semicolon, tab or pipe */
  readonly delimiter?: string | undefined
  /** @default by byte order mark or zero bytes, else strict UTF-8 */
  readonly encoding?: string | undefined
  /** Longest record accepted. @default 64 MiB */
  readonly maxLineBytes?: number | undefined
}

const DEFAULT_MAX_LINE_BYTES = 64 * 1024 * 1024

/**
 * Read at once. The rows of a piece live together, and what lives while the garbage collector passes is kept for long:
 * measured with 50,000 rows of 1 KB, four times more is not faster and takes 40 MB more.
 */
const PIECE_BYTES = 64 * 1024

const READERS: Readonly<Record<InputFormat, Reader>> = {
  jsonl: readJsonLines,
  text: readTextLines,
  // What brings a library is loaded when it is needed: no other format should wait for it.
  async *csv(source, options) {
    const { readCsv } = await import('./csv.ts')
    yield* readCsv(source, options)
  },
  async *parquet(source, options) {
    const { readParquet } = await import('./parquet/reader.ts')
    yield* readParquet(source, options)
  },
}

const ENDINGS: Readonly<Record<string, InputFormat>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'jsonl',
  '.csv': 'csv',
  '.tsv': 'csv',
  '.parquet': 'parquet',
  '.txt': 'text',
}

/** What Parquet files begin with. */
const PARQUET_MAGIC = 'PAR1'

/** The paths of an input as the user gave them, `-` for a stream; null for rows from memory. */
export function inputPathsOf(source: InputSource): readonly string[] | null {
  if ('paths' in source) return source.paths
  if ('path' in source) return [source.path]
  return 'stream' in source ? ['-'] : null
}

/**
 * Opens an input of any kind as lists of rows, in order; the lists' borders mean nothing. Nothing is read before the
 * first list is asked for. An input without rows gives no lists. Of several files, rows and problems name theirs.
 * @throws LlmBatchError `input` where a file is absent, of unknown format, or cannot be read on
 */
export async function* openInput(options: InputOptions): AsyncIterable<readonly ReadRow[]> {
  const { source } = options
  if ('rows' in source) yield* readIterable(source.rows)
  else if ('stream' in source) yield* readRows(await openStream(source.stream, options.format), options)
  else if ('path' in source) yield* readRows(await openFile(options.disk, source.path, options.format), options)
  else {
    // A later file that is not there must not be noticed after an hour.
    const files = await Promise.all(source.paths.map((path) => openFile(options.disk, path, options.format)))
    for (const file of files) {
      for await (const rows of readRows(file, options)) {
        yield files.length === 1 ? rows : rows.map((row) => inFile(row, file.source.name))
      }
    }
  }
}

function inFile(read: ReadRow, file: string): ReadRow {
  return 'row' in read ? { row: { ...read.row, file } } : { problem: { ...read.problem, file } }
}

interface Opened {
  readonly source: ByteSource
  readonly format: InputFormat
}

function readRows({ format, source }: Opened, options: InputOptions): AsyncIterable<readonly ReadRow[]> {
  return READERS[format](source, {
    encoding: options.encoding,
    delimiter: options.delimiter ?? (isTabbed(source.name) ? '\t' : undefined),
    maxLineBytes: options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES,
  })
}

async function openFile(disk: Disk, path: string, given: InputFormat | undefined): Promise<Opened> {
  if ((await disk.size(path)) === undefined) {
    throw new LlmBatchError('input', `the input file ${path} does not exist or is not a regular file`, {
      next: 'Check the path; to read from a pipe, name "-".',
    })
  }
  const format = given ?? formatByEnding(path)
  const open = () => disk.stream(path, { chunkBytes: PIECE_BYTES })
  if (!isGzipName(path)) return { source: { name: path, file: { disk, path }, open }, format }
  if (format === 'parquet') {
    throw new LlmBatchError('input', `${path} is Parquet inside gzip, which llm-batch does not support`, {
      next: 'Unpack it; a Parquet file compresses its own columns.',
    })
  }
  return { source: { name: path, open: () => unpacked(open(), path) }, format }
}

function formatByEnding(path: string): InputFormat {
  const format = ENDINGS[extname(withoutGzip(path)).toLowerCase()]
  if (format) return format
  throw new LlmBatchError('input', `llm-batch does not know the file ending of ${path}`, {
    next: `Rename it to one of ${Object.keys(ENDINGS).join(', ')} (with .gz after it if it is packed), or pipe it in as "-".`,
  })
}

async function openStream(stream: AsyncIterable<Uint8Array>, given: InputFormat | undefined): Promise<Opened> {
  const name = 'standard input'
  let { head, all } = await peekBytes(stream, ENCODING_HEAD_BYTES)
  if (isGzip(head)) ({ head, all } = await peekBytes(unpacked(all, name), ENCODING_HEAD_BYTES))
  const isParquet = Buffer.from(head.subarray(0, PARQUET_MAGIC.length)).toString('latin1') === PARQUET_MAGIC
  const source = { name, open: () => all }
  return { source, format: isParquet ? 'parquet' : (given ?? formatByContent(head)) }
}

/** What is inside a gzip file; what is wrong with it, in the words of this input. */
async function* unpacked(pieces: AsyncIterable<Uint8Array>, name: string): AsyncIterable<Uint8Array> {
  try {
    yield* gunzip(pieces)
  } catch (error) {
    if (LlmBatchError.isInstance(error)) throw error
    const next =
      error instanceof GunzipRatioError
        ? 'Files of text do not pack that well. Unpack it yourself if you trust it.'
        : 'Get the file again: it is damaged, cut off, or not a gzip file.'
    throw new LlmBatchError('input', `${name} cannot be unpacked: ${messageOf(error)}`, { next, cause: error })
  }
}

/** True where every part of an input is plain text, so that a line can be a prompt. */
export function isPlainText(source: InputSource, given: InputFormat | undefined): boolean {
  if (given !== undefined) return given === 'text'
  const paths = 'paths' in source ? source.paths : 'path' in source ? [source.path] : []
  return paths.length > 0 && paths.every((path) => ENDINGS[extname(withoutGzip(path)).toLowerCase()] === 'text')
}

/** JSON lines begin with a brace, a JSON list with a bracket; everything else is taken for CSV. */
function formatByContent(head: Uint8Array): InputFormat {
  const text = new TextDecoder(detectEncoding(head)).decode(head).trimStart()
  return text.startsWith('{') || text.startsWith('[') ? 'jsonl' : 'csv'
}

function isTabbed(path: string): boolean {
  return extname(withoutGzip(path)).toLowerCase() === '.tsv'
}

function isGzipName(path: string): boolean {
  return extname(path).toLowerCase() === '.gz'
}

function withoutGzip(path: string): string {
  return isGzipName(path) ? path.slice(0, -'.gz'.length) : path
}
