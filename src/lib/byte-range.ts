import type { Disk, DiskFile } from './disk.ts'

/** Range of bytes in a file. */
export interface ByteRange {
  readonly path: string
  readonly offset: number
  readonly length: number
}

/** Places at most this far apart are read together: the bytes between cost less than another read. */
const MOST_GAP_BYTES = 64 * 1_024

/** The most that is read together, unless a single place is longer. */
const MOST_SPAN_BYTES = 4 * 1_024 * 1_024

/** Read at once from a file whose places are asked for in its order, so that the next ones are there already. */
const AHEAD_BYTES = 512 * 1_024

/**
 * Reads bytes by their places, neighbours in a few large reads. Files stay open until `close`; the caller asks for as many
 * places at once as fit in memory.
 */
export class RangeReader {
  readonly #disk: Disk
  readonly #open = new Map<string, OpenFile>()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** The bytes at each place, in their order; null for a place that is null. */
  async of(places: readonly (ByteRange | null)[]): Promise<readonly (Buffer | null)[]> {
    const found = places.map((): Buffer | null => null)
    const asked: Asked[] = []
    for (const [index, place] of places.entries()) {
      if (place !== null) asked.push({ path: place.path, offset: place.offset, length: place.length, index })
    }
    for (const span of spansOf(asked)) await this.#readSpan(span, found)
    return found
  }

  async close(): Promise<void> {
    for (const { file } of this.#open.values()) await file.close()
    this.#open.clear()
  }

  async #readSpan({ end, places, start }: Span, found: (Buffer | null)[]): Promise<void> {
    const open = await this.#fileAt(places[0].path)
    const block = covers(open.last, start, end) ? open.last : await readOn(open, start, end)
    for (const { index, length, offset } of places) {
      found[index] = block.bytes.subarray(offset - block.start, offset - block.start + length)
    }
  }

  async #fileAt(path: string): Promise<OpenFile> {
    const known = this.#open.get(path)
    if (known) return known
    const opened = { file: await this.#disk.open(path, 'read'), last: { start: 0, bytes: NOTHING } }
    this.#open.set(path, opened)
    return opened
  }
}

/** Bytes of a file from a place on. */
interface Block {
  readonly start: number
  readonly bytes: Buffer
}

/** A file, and what was read of it last. */
interface OpenFile {
  readonly file: DiskFile
  last: Block
}

const NOTHING = Buffer.alloc(0)

function covers({ bytes, start }: Block, from: number, end: number): boolean {
  return start <= from && end <= start + bytes.length
}

/** Reads a span, and more where it follows what was read before. */
async function readOn(open: OpenFile, start: number, end: number): Promise<Block> {
  const { bytes, start: lastStart } = open.last
  const isNext = start >= lastStart && start - (lastStart + bytes.length) <= MOST_GAP_BYTES
  const read = await open.file.read(start, isNext ? Math.max(end - start, AHEAD_BYTES) : end - start)
  open.last = { start, bytes: Buffer.from(read.buffer, read.byteOffset, read.length) }
  return open.last
}

/** A place, and which of the questions it answers. */
type Asked = ByteRange & { readonly index: number }

/** Neighbouring places of one file, read together. */
interface Span {
  readonly places: [Asked, ...Asked[]]
  readonly start: number
  end: number
}

/** The places in the order of the files, cut where the way to the next one is long or the read would grow too large. */
function spansOf(places: Asked[]): readonly Span[] {
  const spans: Span[] = []
  for (const place of places.sort(byPosition)) {
    const last = spans.at(-1)
    const end = place.offset + place.length
    if (last && isNear(last, place) && end - last.start <= MOST_SPAN_BYTES) {
      last.places.push(place)
      last.end = Math.max(last.end, end)
    } else spans.push({ places: [place], start: place.offset, end })
  }
  return spans
}

function byPosition(one: ByteRange, other: ByteRange): number {
  if (one.path !== other.path) return one.path < other.path ? -1 : 1
  return one.offset - other.offset
}

function isNear({ end, places: [first] }: Span, { offset, path }: ByteRange): boolean {
  return first.path === path && offset - end <= MOST_GAP_BYTES
}
