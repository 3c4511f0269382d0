import { type BufferedWriter } from '../lib/atomic-file.ts'
import { splitLines } from '../lib/jsonl.ts'
import type { Problem } from '../model/problem.ts'
import type { PortionRecord } from '../store/port/run.ts'
import { namedRowFacts, readNamed } from './named-file.ts'
import type { LogPorts } from './ports.ts'

/** Facts of a frozen row besides its columns. */
export interface RowFacts {
  /** The 1-based line in the user's input. */
  readonly line: number
  readonly id: string | null
  readonly problem: Problem | null
  /** The request of an earlier row that this one shares; null for a row that has its own, or none. */
  readonly shares: number | null
  /** What tells the row and its request from others, in a run that rows may be appended to; null in any other. */
  readonly content: string | null
}

/** A line of the file: trailing nulls are left out. */
export type FactLine = readonly [
  row: number,
  line: number,
  id?: string | null,
  shares?: number | null,
  problem?: Problem | null,
  content?: string | null,
]

/** Writes down what does not follow: a row without id or problem that stands on the line after the last one says nothing. */
export class RowFactsWriter {
  readonly #writer: BufferedWriter
  #row = 0
  #lastLine = 0

  constructor(writer: BufferedWriter) {
    this.#writer = writer
  }

  /** Takes the next row. */
  async add({ content, id, line, problem, shares }: RowFacts): Promise<void> {
    const row = this.#row
    const follows = line === this.#lastLine + 1
    this.#row += 1
    this.#lastLine = line
    if (follows && id === null && problem === null && shares === null && content === null) return
    const text = `${JSON.stringify(factLine(row, { content, id, line, problem, shares }))}\n`
    if (!this.#writer.tryText(text)) await this.#writer.writeText(text)
  }
}

function factLine(row: number, { content, id, line, problem, shares }: RowFacts): FactLine {
  if (content !== null) return [row, line, id, shares, problem, content]
  if (problem !== null) return [row, line, id, shares, problem]
  if (shares !== null) return [row, line, id, shares]
  return id === null ? [row, line] : [row, line, id]
}

/**
 * Reads the facts of rows that were frozen together, in their order; with the last one it is seen whether all are as they
 * were.
 */
class PortionReader {
  readonly #lines: AsyncIterator<FactLine>
  #ahead: FactLine | undefined
  #isBegun = false
  #row = 0
  #lastLine = 0

  constructor({ disk, folder }: LogPorts, portion: PortionRecord) {
    this.#lines = factLines(readNamed(disk, namedRowFacts(folder, portion)))[Symbol.asyncIterator]()
  }

  /** The facts of the next so many rows. */
  async take(count: number): Promise<readonly RowFacts[]> {
    const facts: RowFacts[] = []
    if (!this.#isBegun) await this.#readOn()
    while (facts.length < count) {
      const isTold = this.#ahead?.[0] === this.#row
      const told = factsOf(isTold ? this.#ahead : undefined, this.#lastLine)
      facts.push(told)
      this.#row += 1
      this.#lastLine = told.line
      if (isTold) await this.#readOn()
    }
    return facts
  }

  async close(): Promise<void> {
    await this.#lines.return?.()
  }

  async #readOn(): Promise<void> {
    this.#isBegun = true
    const next = await this.#lines.next()
    this.#ahead = next.done ? undefined : next.value
  }
}

/** Reads the facts of all rows of a run in their order. */
export class RowFactsReader {
  readonly #ports: LogPorts
  readonly #ahead: PortionRecord[]
  #reader: PortionReader | undefined
  /** Rows of the portion at hand that were not taken yet. */
  #left = 0

  constructor(ports: LogPorts, portions: readonly PortionRecord[]) {
    this.#ports = ports
    this.#ahead = [...portions]
  }

  /** The facts of the next so many rows; fewer where these are the last ones. */
  async take(count: number): Promise<readonly RowFacts[]> {
    const facts: RowFacts[] = []
    while (facts.length < count) {
      if (this.#left === 0 && !(await this.#readOn())) break
      const part = (await this.#reader?.take(Math.min(count - facts.length, this.#left))) ?? []
      this.#left -= part.length
      // Most pages lie in one portion.
      if (part.length === count) return part
      facts.push(...part)
    }
    return facts
  }

  async close(): Promise<void> {
    await this.#reader?.close()
  }

  /** Goes on with the next portion; false after the last one. */
  async #readOn(): Promise<boolean> {
    const portion = this.#ahead.shift()
    if (!portion) return false
    await this.#reader?.close()
    this.#reader = new PortionReader(this.#ports, portion)
    this.#left = portion.rowCount
    return true
  }
}

/** A line of the file as it was written. */
export function readFactLine(line: Buffer): FactLine {
  return JSON.parse(line.toString('utf8')) as FactLine
}

/** The facts of a row by the line that tells of it, if one does, and by where the row before it stood. */
export function factsOf(told: FactLine | undefined, lastLine: number): RowFacts {
  const [, line = lastLine + 1, id = null, shares = null, problem = null, content = null] = told ?? []
  return { line, id, problem, shares, content }
}

async function* factLines(pieces: AsyncIterable<Uint8Array>): AsyncIterable<FactLine> {
  for await (const lines of splitLines(pieces)) {
    for (const { bytes } of lines) yield readFactLine(Buffer.from(bytes))
  }
}
