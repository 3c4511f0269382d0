import { extname } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import type { ReadRow } from '../model/row.ts'
import { readCsv } from './csv.ts'
import { detectEncoding, ENCODING_HEAD_BYTES } from './encoding.ts'
import { readIterable } from './iterable.ts'
import { readJsonLines } from './jsonl.ts'
import { peek } from './peek.ts'
import type { ByteSource, Reader } from './reader.ts'

/** Formats an input can have. */
export const INPUT_FORMATS = ['jsonl', 'csv'] as const

export type InputFormat = (typeof INPUT_FORMATS)[number]

/** Where rows come from: a file, a stream such as standard input, or values in memory. */
export type InputSource =
  | { readonly path: string }
  | { readonly stream: AsyncIterable<Uint8Array> }
  | { readonly rows: Iterable<unknown> | AsyncIterable<unknown> }

export interface InputOptions {
  readonly source: InputSource
  readonly disk: Disk
  /** @default by the file's ending; for a stream by its first character */
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
 * measured with 50,000 rows of 1 KB, four times more is no faster and takes 40 MB more.
 */
const PIECE_BYTES = 64 * 1024

const READERS: Readonly<Record<InputFormat, Reader>> = { jsonl: readJsonLines, csv: readCsv }

const ENDINGS: Readonly<Record<string, InputFormat>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'jsonl',
  '.csv': 'csv',
  '.tsv': 'csv',
}

/**
 * Opens an input of any kind as lists of rows, in order; the lists' borders mean nothing. Nothing is read before the
 * first list is asked for. An input without rows gives no lists.
 * @throws LlmBatchError `input` where the file is absent, of unknown format, or cannot be read on
 */
export async function* openInput(options: InputOptions): AsyncIterable<readonly ReadRow[]> {
  if ('rows' in options.source) {
    yield* readIterable(options.source.rows)
    return
  }
  const { source, format } =
    'path' in options.source
      ? await openFile(options.disk, options.source.path, options.format)
      : await openStream(options.source.stream, options.format)
  yield* READERS[format](source, {
    encoding: options.encoding,
    delimiter: options.delimiter ?? ('path' in options.source && isTabbed(options.source.path) ? '\t' : undefined),
    maxLineBytes: options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES,
  })
}

interface Opened {
  readonly source: ByteSource
  readonly format: InputFormat
}

async function openFile(disk: Disk, path: string, given: InputFormat | undefined): Promise<Opened> {
  if ((await disk.size(path)) === undefined) {
    throw new LlmBatchError('input', `the input file ${path} does not exist or is not a regular file`, {
      next: 'Check the path; what comes through a pipe is read from standard input with "-".',
    })
  }
  const source = { name: path, file: { disk, path }, open: () => disk.stream(path, { chunkBytes: PIECE_BYTES }) }
  return { source, format: given ?? formatByEnding(path) }
}

function formatByEnding(path: string): InputFormat {
  const format = ENDINGS[extname(path).toLowerCase()]
  if (format) return format
  throw new LlmBatchError('input', `the ending of ${path} names no format that can be read`, {
    next: `Rename it to one of ${Object.keys(ENDINGS).join(', ')}, or pipe it in as "-".`,
  })
}

async function openStream(stream: AsyncIterable<Uint8Array>, given: InputFormat | undefined): Promise<Opened> {
  const { head, all } = await peek(stream, ENCODING_HEAD_BYTES)
  return { source: { name: 'standard input', open: () => all }, format: given ?? formatByContent(head) }
}

/** JSON lines begin with a brace (or, by mistake, a bracket); everything else is taken for CSV. */
function formatByContent(head: Uint8Array): InputFormat {
  const text = new TextDecoder(detectEncoding(head)).decode(head).trimStart()
  return text.startsWith('{') || text.startsWith('[') ? 'jsonl' : 'csv'
}

function isTabbed(path: string): boolean {
  return extname(path).toLowerCase() === '.tsv'
}
