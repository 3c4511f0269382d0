import type { DiskFile } from '../lib/disk.ts'
import type { NewResult } from '../store/store.ts'
import type { RunContext } from './context.ts'

type Ports = Pick<RunContext, 'disk' | 'folder'>

/** What has a raw line, or none. */
interface Answered {
  readonly result: (Pick<NewResult, 'file' | 'offset' | 'length'> & { readonly attemptKey: number }) | null
}

/** Where a raw line lies, and which of the records asked for it. */
interface Place {
  readonly index: number
  readonly attemptKey: number
  readonly file: 'output' | 'error'
  readonly offset: number
  readonly length: number
}

/** Lines at most this far apart are read together: the bytes between cost less than another read. */
const MOST_GAP_BYTES = 64 * 1_024

/** The most that is read together, unless a single line is longer. */
const MOST_SPAN_BYTES = 4 * 1_024 * 1_024

/**
 * Raw result lines by offset. Providers return lines roughly in the order they were sent, so the lines of neighbouring
 * rows are fetched in a few large reads. Files stay open until the end, there are two to a batch.
 */
export class ResultLines {
  readonly #ports: Ports
  readonly #open = new Map<string, DiskFile>()

  constructor(ports: Ports) {
    this.#ports = ports
  }

  /** The raw line of each record, in their order; null where it has none. */
  async of(records: readonly Answered[]): Promise<readonly (string | null)[]> {
    const lines = records.map((): string | null => null)
    for (const span of spansOf(placesOf(records))) await this.#readSpan(span, lines)
    return lines
  }

  async close(): Promise<void> {
    for (const file of this.#open.values()) await file.close()
    this.#open.clear()
  }

  async #readSpan(span: Span, lines: (string | null)[]): Promise<void> {
    const file = await this.#fileOf(span.places[0])
    const read = await file.read(span.start, span.end - span.start)
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.length)
    for (const { index, length, offset } of span.places) {
      lines[index] = bytes.toString('utf8', offset - span.start, offset - span.start + length)
    }
  }

  async #fileOf({ attemptKey, file }: Place): Promise<DiskFile> {
    const path = this.#ports.folder.result(attemptKey, file)
    const known = this.#open.get(path)
    if (known) return known
    const opened = await this.#ports.disk.open(path, 'read')
    this.#open.set(path, opened)
    return opened
  }
}

/** Neighbouring places of one file, read together. */
interface Span {
  readonly places: [Place, ...Place[]]
  readonly start: number
  end: number
}

function placesOf(records: readonly Answered[]): Place[] {
  const places: Place[] = []
  for (const [index, { result }] of records.entries()) {
    if (!result || result.file === null || result.offset === null || result.length === null) continue
    const { attemptKey, file, length, offset } = result
    places.push({ index, attemptKey, file, offset, length })
  }
  return places
}

/** The places in the order of the files, cut where the way to the next one is long or the read would grow too large. */
function spansOf(places: Place[]): readonly Span[] {
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

function byPosition(one: Place, other: Place): number {
  const byFile = Number(one.file === 'error') - Number(other.file === 'error')
  return one.attemptKey - other.attemptKey || byFile || one.offset - other.offset
}

function isNear({ end, places: [first] }: Span, { attemptKey, file, offset }: Place): boolean {
  return first.attemptKey === attemptKey && first.file === file && offset - end <= MOST_GAP_BYTES
}
