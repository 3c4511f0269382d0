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

/**
 * Reads bytes by their places, neighbours in a few large reads. Files stay open until `close`; the caller asks for as many
 * places at once as fit in memory.
 */
export class RangeReader {
  readonly #disk: Disk
  readonly #open = new Map<string, DiskFile>()

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
    for (const file of this.#open.values()) await file.close()
    this.#open.clear()
  }

  async #readSpan({ end, places, start }: Span, found: (Buffer | null)[]): Promise<void> {
    const file = await this.#fileAt(places[0].path)
    const read = await file.read(start, end - start)
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.length)
    for (const { index, length, offset } of places) {
      found[index] = bytes.subarray(offset - start, offset - start + length)
    }
  }

  async #fileAt(path: string): Promise<DiskFile> {
    const known = this.#open.get(path)
    if (known) return known
    const opened = await this.#disk.open(path, 'read')
    this.#open.set(path, opened)
    return opened
  }
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
