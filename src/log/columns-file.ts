import { createHash } from 'node:crypto'
import { writeAtomically } from '../lib/atomic-file.ts'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import type { FileFacts } from '../model/file-facts.ts'

/** Kinds of numbers in a column, by the bytes of each. */
const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f64: Float64Array } as const

type ColumnType = keyof typeof ARRAYS

/** One column: numbers of one kind, one for each entry. */
type NumberColumn = Uint8Array | Uint16Array | Uint32Array | Float64Array

/** Columns of one length by name, and the texts that their numbers may point into. */
export interface ColumnSet {
  readonly length: number
  readonly columns: Readonly<Record<string, NumberColumn>>
  readonly texts: readonly string[]
}

/** The first line of a file, after `MAGIC`. */
interface Header {
  readonly kind: string
  readonly length: number
  readonly columns: readonly (readonly [name: string, type: ColumnType])[]
}

/** Begins every file; its number is the version of the format. */
const MAGIC = 'llm-batch columns 1 '

/** Columns begin at multiples of this, so that they can be read where they lie. */
const ALIGNMENT = 8

const LINE_FEED = 0x0a

/**
 * Writes columns to a file, whole or not at all and forced to disk, and tells what the catalog must know of it. The file: a
 * line that says what is in it, then one column after another in little-endian order, then the texts as a JSON array.
 */
export async function writeColumns(disk: Disk, path: string, kind: string, set: ColumnSet): Promise<FileFacts> {
  const parts = encodeColumns(kind, set)
  const hash = createHash('sha256')
  let bytes = 0
  await writeAtomically(disk, path, async (writer) => {
    for (const part of parts) {
      hash.update(part)
      bytes += part.length
      await writer.writeBytes(part)
    }
  })
  return { bytes, sha256: hash.digest('hex') }
}

/**
 * Reads a file of columns whole; undefined where it is absent, or is not the file that the catalog names, so that what a
 * crash left over and what was damaged is never believed. Throws `disk` where it is, and holds something else.
 */
export async function readColumns(
  disk: Disk,
  path: string,
  kind: string,
  facts: FileFacts,
): Promise<ColumnSet | undefined> {
  if ((await disk.size(path)) !== facts.bytes) return undefined
  const file = await disk.open(path, 'read')
  try {
    const bytes = await file.read(0, facts.bytes)
    const isIt = createHash('sha256').update(bytes).digest('hex') === facts.sha256
    return isIt ? decodeColumns(path, kind, bytes) : undefined
  } finally {
    await file.close()
  }
}

function encodeColumns(kind: string, { columns, length, texts }: ColumnSet): readonly Uint8Array[] {
  const named = Object.entries(columns)
  const header: Header = { kind, length, columns: named.map(([name, column]) => [name, typeOf(column)]) }
  const parts: Uint8Array[] = [padded(Buffer.from(`${MAGIC}${JSON.stringify(header)}\n`), 0x20)]
  for (const [, column] of named) {
    parts.push(padded(new Uint8Array(column.buffer, column.byteOffset, length * column.BYTES_PER_ELEMENT), 0))
  }
  parts.push(Buffer.from(JSON.stringify(texts)))
  return parts
}

function typeOf(column: NumberColumn): ColumnType {
  if (column instanceof Uint8Array) return 'u8'
  if (column instanceof Uint16Array) return 'u16'
  return column instanceof Uint32Array ? 'u32' : 'f64'
}

/** The bytes up to the next multiple of the alignment; what fills a header up stands before its line feed. */
function padded(bytes: Uint8Array, filler: number): Uint8Array {
  const missing = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT
  if (missing === 0) return bytes
  const longer = new Uint8Array(bytes.length + missing).fill(filler, bytes.length)
  longer.set(bytes)
  if (filler !== 0) {
    longer[bytes.length - 1] = filler
    longer[longer.length - 1] = LINE_FEED
  }
  return longer
}

function decodeColumns(path: string, kind: string, bytes: Uint8Array): ColumnSet {
  const headerEnd = bytes.indexOf(LINE_FEED) + 1
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, headerEnd).toString('latin1')
  const header = line.startsWith(MAGIC) ? (JSON.parse(line.slice(MAGIC.length)) as Header) : undefined
  if (header?.kind !== kind) throw new LlmBatchError('disk', `${path} holds no ${kind} of this version`)
  // Of its own, because a column can only begin at a multiple of its bytes.
  const { buffer } = Uint8Array.from(bytes)
  let offset = headerEnd
  const columns: Record<string, NumberColumn> = {}
  for (const [name, type] of header.columns) {
    const column = new ARRAYS[type](buffer, offset, header.length)
    columns[name] = column
    offset += Math.ceil(column.byteLength / ALIGNMENT) * ALIGNMENT
  }
  const texts = JSON.parse(Buffer.from(buffer, offset).toString('utf8')) as readonly string[]
  return { length: header.length, columns, texts }
}
