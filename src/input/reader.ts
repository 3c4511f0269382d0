import type { Disk } from '../lib/disk.ts'
import type { ReadRow } from '../model/row.ts'

/** Source of the bytes of an input. */
export interface ByteSource {
  /** For messages: the path as the user gave it, or `standard input`. */
  readonly name: string
  /** The bytes from the beginning; called once. */
  open(): AsyncIterable<Uint8Array>
  /** The file itself, for formats that are read from their end (Parquet); absent for a stream. */
  readonly file?: { readonly disk: Disk; readonly path: string }
}

export interface ReaderOptions {
  /** As the user gave it; undefined to detect it. */
  readonly encoding: string | undefined
  /** As the user gave it; undefined to detect it. Only for CSV. */
  readonly delimiter: string | undefined
  /** Longest record accepted, in bytes. */
  readonly maxLineBytes: number
}

/**
 * Reads one format: lists of rows, so that a caller waits once per piece and not once per row. What is wrong with one
 * record is a problem in its place; what makes the rest unreadable is thrown as an `LlmBatchError`. Memory is bounded
 * by the size of a piece and of the longest record.
 */
export type Reader = (source: ByteSource, options: ReaderOptions) => AsyncIterable<readonly ReadRow[]>
