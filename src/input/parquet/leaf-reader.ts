import type { ColumnChunk, DecodedArray, SchemaTree } from 'hyparquet'
import { parquetHeader, readPage } from 'hyparquet/src/column.js'
import { convert } from 'hyparquet/src/convert.js'
import { isFlatColumn } from 'hyparquet/src/schema.js'
import type { DiskFile } from '../../lib/disk.ts'
import type { Decoding } from './decoding.ts'

/** The largest page accepted, unpacked: five times what the largest known writer makes. */
const MOST_PAGE_BYTES = 512 * 1_024 * 1_024

/** The most values in a page: a few bytes can claim any number of equal ones. */
const MOST_PAGE_VALUES = 32_000_000

/** The least that is read at once, and the longest page header accepted. */
const LEAST_READ_BYTES = 16 * 1_024
const MOST_HEADER_BYTES = 16 * 1_024 * 1_024

/**
 * The values of one leaf in one row group, page by page, so that a group of any size takes the memory of a page. A row of
 * a nested column may go on in the next page; such a row is handed out only when it is complete.
 */
export class LeafReader {
  readonly key: string
  readonly #file: DiskFile
  readonly #decoder: Parameters<typeof readPage>[2]
  readonly #isFlat: boolean
  readonly #readBytes: number
  #position: number
  readonly #end: number
  #window: Uint8Array = new Uint8Array(0)
  #windowStart = 0
  #dictionary: DecodedArray | undefined
  #rows: DecodedArray = []
  #taken = 0

  /** `readBytes` is what is read at once, where pages are small. */
  constructor(
    file: DiskFile,
    path: readonly SchemaTree[],
    chunk: ColumnChunk,
    { decoding, readBytes }: { readonly decoding: Decoding; readonly readBytes: number },
  ) {
    const { meta_data: facts } = chunk
    const leaf = path.at(-1)
    if (!facts || !leaf || chunk.file_path) throw new Error('a column lies in another file, or is encrypted')
    this.key = leaf.path.join('.')
    this.#file = file
    this.#readBytes = Math.max(LEAST_READ_BYTES, readBytes)
    this.#isFlat = isFlatColumn([...path])
    this.#decoder = {
      pathInSchema: leaf.path,
      type: facts.type,
      element: leaf.element,
      schemaPath: [...path],
      codec: facts.codec,
      utf8: false,
      ...decoding,
    }
    // Some writers leave out where the dictionary is, which stands before the first page.
    this.#position = Number(facts.dictionary_page_offset || facts.data_page_offset)
    this.#end = this.#position + Number(facts.total_compressed_size)
  }

  /** Complete rows that can be taken now. */
  get ready(): number {
    const left = this.#rows.length - this.#taken
    return this.#isFlat || this.#isAtEnd ? left : Math.max(0, left - 1)
  }

  get #isAtEnd(): boolean {
    return this.#position >= this.#end
  }

  /** Reads on until a row can be taken, or the group ends. */
  async fill(): Promise<void> {
    while (this.ready === 0 && !this.#isAtEnd) await this.#readPage()
  }

  /** The next rows, of those that are ready. */
  take(count: number): DecodedArray {
    const rows = this.#rows.slice(this.#taken, this.#taken + count)
    this.#taken += count
    return rows
  }

  async #readPage(): Promise<void> {
    const { header, length } = await this.#readHeader()
    const isDictionary = header.type === 'DICTIONARY_PAGE'
    const facts = header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header
    if (header.uncompressed_page_size > MOST_PAGE_BYTES || (facts?.num_values ?? 0) > MOST_PAGE_VALUES) {
      throw new Error(`it has a page of ${header.uncompressed_page_size} bytes and ${facts?.num_values} values`)
    }
    const bytes = await this.#bytes(this.#position + length, header.compressed_page_size)
    this.#position += length + header.compressed_page_size
    if (header.type === 'INDEX_PAGE') return
    const reader = { view: viewOf(bytes), offset: 0 }
    const before = this.#isFlat ? undefined : Array.from(this.#rows.slice(this.#taken) as ArrayLike<unknown>)
    // Let go of the page before, so that two of them are never held.
    this.#rows = []
    this.#taken = 0
    const { data } = readPage(reader, header, this.#decoder, this.#dictionary, before, 0)
    if (data === undefined) return
    if (isDictionary) {
      this.#dictionary = convert(data, this.#decoder)
      return
    }
    // The library adds to the rows before, but for columns without nulls.
    this.#rows = before === undefined || data === before ? data : [...before, ...Array.from(data as ArrayLike<unknown>)]
  }

  /** The header of the next page and its length; how long it is shows only in reading it. */
  async #readHeader(): Promise<{ header: ReturnType<typeof parquetHeader>; length: number }> {
    for (let wanted = LEAST_READ_BYTES; ; wanted *= 4) {
      const bytes = await this.#bytes(this.#position, Math.min(wanted, this.#end - this.#position))
      try {
        const reader = { view: viewOf(bytes), offset: 0 }
        return { header: parquetHeader(reader), length: reader.offset }
      } catch (error) {
        const isCut = wanted < this.#end - this.#position && wanted < MOST_HEADER_BYTES
        if (!isCut) throw error
      }
    }
  }

  /** Bytes of the file, from what was read before where they are there. */
  async #bytes(start: number, length: number): Promise<Uint8Array> {
    if (length < 0 || start + length > this.#end) throw new Error('a page is longer than its column')
    const isHere = start >= this.#windowStart && start + length <= this.#windowStart + this.#window.length
    if (!isHere) {
      this.#window = await this.#file.read(start, Math.max(length, Math.min(this.#readBytes, this.#end - start)))
      this.#windowStart = start
      if (this.#window.length < length) throw new Error('the file ends too early')
    }
    const from = start - this.#windowStart
    return this.#window.subarray(from, from + length)
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
