import type { Disk } from '../../lib/disk.ts'
import type { PortionRecord } from '../../store/port/run.ts'
import { damagedFile, type NamedFile, namedRowFacts, namedRows } from '../named-file.ts'
import type { LogPorts } from '../ports.ts'
import { type FactLine, factsOf, type RowFacts, readFactLine } from '../row-facts.ts'
import { RowIndex } from './row-index.ts'

/** A frozen row that was read by its number. */
export interface RowAt extends RowFacts {
  /** Position among the rows of the run, from 0. */
  readonly row: number
  /** The request that it was asked with, its own or that of an earlier row; null for a row with a problem. */
  readonly request: number | null
  /** The record as JSON text; null where texts were not asked for. */
  readonly json: string | null
}

/** Neighbouring rows that are read together, and the requests that are their own. The ends are the next ones' beginnings. */
export interface RowBlock {
  readonly row: number
  readonly rowEnd: number
  readonly request: number
  readonly requestEnd: number
}

/** Rows that were frozen together, in a run. */
interface Portion {
  readonly record: PortionRecord
  readonly index: RowIndex
  /** Rows, requests and blocks before it. */
  readonly row: number
  readonly request: number
  readonly block: number
}

/**
 * The frozen rows of a run by their numbers. A row in the middle costs the same as one at the beginning: a block of its
 * neighbours is read, a few hundred rows or kilobytes. Files are not hashed on the way, which would be reading all of them.
 */
export class RowsAt {
  readonly #ports: LogPorts
  readonly #portions: readonly Portion[]
  readonly rowCount: number
  /** Blocks of the run. */
  readonly blockCount: number

  private constructor(ports: LogPorts, portions: readonly Portion[]) {
    this.#ports = ports
    this.#portions = portions
    const last = portions.at(-1)
    this.rowCount = last ? last.row + last.record.rowCount : 0
    this.blockCount = last ? last.block + last.index.length : 0
  }

  /** Reads where rows lie. Throws `disk` where a file that tells it is damaged. */
  static async open(ports: LogPorts, records: readonly PortionRecord[]): Promise<RowsAt> {
    const portions: Portion[] = []
    let [row, request, block] = [0, 0, 0]
    for (const record of records) {
      const index = await indexOf(ports, record)
      portions.push({ record, index, row, request, block })
      row += record.rowCount
      request += record.requestCount
      block += index.length
    }
    return new RowsAt(ports, portions)
  }

  /** The number of the block that holds a row. */
  blockOf(row: number): number {
    return this.#lastBlock((block) => block.row <= row)
  }

  /** The number of the block in which a request is that of a row of its own. */
  blockOfRequest(request: number): number {
    return this.#lastBlock((block) => block.request <= request)
  }

  block(number: number): RowBlock {
    const begin = this.#beginOf(number)
    const next =
      number + 1 < this.blockCount ? this.#beginOf(number + 1) : { row: this.rowCount, request: this.#requestCount() }
    return { row: begin.row, request: begin.request, rowEnd: next.row, requestEnd: next.request }
  }

  /** The rows from `from` up to and without `to`, in their order. */
  async read(from: number, to: number, hasTexts: boolean): Promise<readonly RowAt[]> {
    const end = Math.min(to, this.rowCount)
    if (from >= end) return []
    const rows: RowAt[] = []
    for (let number = this.blockOf(from); number < this.blockCount; number += 1) {
      if (this.#beginOf(number).row >= end) break
      rows.push(...(await this.#readBlock(number, hasTexts)).filter(({ row }) => row >= from && row < end))
    }
    return rows
  }

  async #readBlock(number: number, hasTexts: boolean): Promise<readonly RowAt[]> {
    const { disk, folder } = this.#ports
    const portion = this.#portionOf(number)
    const { index, record } = portion
    const place = index.at(number - portion.block)
    const isLast = number - portion.block === index.length - 1
    const next = isLast ? undefined : index.at(number - portion.block + 1)
    const { rowEnd } = this.block(number)
    const { facts, rows } = record.rowFiles
    const factsFile = namedRowFacts(folder, record)
    const rowsFile = namedRows(folder, record)
    for (const file of hasTexts ? [factsFile, rowsFile] : [factsFile]) {
      if ((await disk.size(file.path)) !== file.facts.bytes) throw damagedFile(file)
    }
    const told = await linesIn(disk, factsFile, place.factsAt, next?.factsAt ?? facts.bytes)
    const texts = hasTexts ? await linesIn(disk, rowsFile, place.rowsAt, next?.rowsAt ?? rows.bytes) : null
    return rowsOf({
      count: rowEnd - portion.row - place.row,
      lines: told.map(readFactLine),
      texts,
      row: portion.row + place.row,
      // Facts tell rows by their numbers within the portion.
      within: place.row,
      line: place.line,
      request: portion.request + place.request,
    })
  }

  #portionOf(block: number): Portion {
    const found = this.#portions[lastIndex(this.#portions.length, (at) => (this.#portions[at]?.block ?? 0) <= block)]
    if (!found) throw new RangeError(`the run has no block ${block}`)
    return found
  }

  #beginOf(number: number): Pick<RowBlock, 'row' | 'request'> {
    const portion = this.#portionOf(number)
    const { request, row } = portion.index.at(number - portion.block)
    return { row: portion.row + row, request: portion.request + request }
  }

  #requestCount(): number {
    const last = this.#portions.at(-1)
    return last ? last.request + last.record.requestCount : 0
  }

  #lastBlock(holds: (block: Pick<RowBlock, 'row' | 'request'>) => boolean): number {
    return lastIndex(this.blockCount, (number) => holds(this.#beginOf(number)))
  }
}

/** The last of so many places that still holds; they hold from the first one up to some place. */
function lastIndex(count: number, holds: (at: number) => boolean): number {
  let low = 0
  let high = count - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (holds(middle)) low = middle
    else high = middle - 1
  }
  return low
}

async function indexOf({ disk, folder }: LogPorts, record: PortionRecord): Promise<RowIndex> {
  const facts = record.rowFiles.index
  if (facts === null) return RowIndex.ofFew()
  const { rowIndex } = folder.portion(record.number, record.rowFiles.writer)
  const index = await RowIndex.read(disk, rowIndex, facts)
  if (index) return index
  throw damagedFile({ path: rowIndex, holds: 'where each row can be read from' })
}

const LINE_FEED = 0x0a

/**
 * The lines of a file between two places at which lines begin. Read as a piece of a stream, because a file in a bucket would
 * be fetched whole to be opened.
 */
async function linesIn(
  disk: Disk,
  { path }: Pick<NamedFile, 'path'>,
  begin: number,
  end: number,
): Promise<readonly Buffer[]> {
  const lines: Buffer[] = []
  if (begin === end) return lines
  const pieces: Uint8Array[] = []
  for await (const piece of disk.stream(path, { start: begin, end, chunkBytes: end - begin })) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  let start = 0
  while (start < bytes.length) {
    const at = bytes.indexOf(LINE_FEED, start)
    const lineEnd = at < 0 ? bytes.length : at
    lines.push(bytes.subarray(start, lineEnd))
    start = lineEnd + 1
  }
  return lines
}

function rowsOf(block: {
  readonly count: number
  readonly lines: readonly FactLine[]
  readonly texts: readonly Buffer[] | null
  readonly row: number
  readonly within: number
  readonly line: number
  readonly request: number
}): readonly RowAt[] {
  const rows: RowAt[] = []
  let { line, request } = block
  let next = 0
  for (let at = 0; at < block.count; at += 1) {
    const told = block.lines[next]?.[0] === block.within + at ? block.lines[next] : undefined
    if (told) next += 1
    const facts = factsOf(told, line)
    const isOwn = facts.problem === null && facts.shares === null
    rows.push({
      ...facts,
      row: block.row + at,
      request: isOwn ? request : facts.shares,
      json: block.texts && (block.texts[at]?.toString('utf8') ?? '{}'),
    })
    if (isOwn) request += 1
    line = facts.line
  }
  return rows
}
