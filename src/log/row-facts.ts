import { type BufferedWriter } from '../lib/atomic-file.ts'
import { splitLines } from '../lib/jsonl.ts'
import type { Problem } from '../model/problem.ts'
import type { RunRecord } from '../store/port/run.ts'
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
}

/** A line of the file: trailing nulls are left out. */
type FactLine = readonly [
  row: number,
  line: number,
  id?: string | null,
  shares?: number | null,
  problem?: Problem | null,
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
  async add({ id, line, problem, shares }: RowFacts): Promise<void> {
    const row = this.#row
    const follows = line === this.#lastLine + 1
    this.#row += 1
    this.#lastLine = line
    if (follows && id === null && problem === null && shares === null) return
    const text = `${JSON.stringify(factLine(row, { id, line, problem, shares }))}\n`
    if (!this.#writer.tryText(text)) await this.#writer.writeText(text)
  }
}

function factLine(row: number, { id, line, problem, shares }: RowFacts): FactLine {
  if (problem !== null) return [row, line, id, shares, problem]
  if (shares !== null) return [row, line, id, shares]
  return id === null ? [row, line] : [row, line, id]
}

/** Reads the facts of all rows in their order; with the last one it is seen whether all are as they were. */
export class RowFactsReader {
  readonly #lines: AsyncIterator<FactLine>
  #ahead: FactLine | undefined
  #isBegun = false
  #row = 0
  #lastLine = 0

  constructor(ports: LogPorts, run: Pick<RunRecord, 'id' | 'rowFiles'>) {
    this.#lines = factLines(ports, run)[Symbol.asyncIterator]()
  }

  /** The facts of the next so many rows. */
  async take(count: number): Promise<readonly RowFacts[]> {
    const facts: RowFacts[] = []
    if (!this.#isBegun) await this.#readOn()
    while (facts.length < count) {
      const isTold = this.#ahead?.[0] === this.#row
      const [, line = this.#lastLine + 1, id = null, shares = null, problem = null] =
        (isTold ? this.#ahead : undefined) ?? []
      facts.push({ line, id, problem, shares })
      this.#row += 1
      this.#lastLine = line
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

async function* factLines(
  { disk, folder }: LogPorts,
  run: Pick<RunRecord, 'id' | 'rowFiles'>,
): AsyncIterable<FactLine> {
  for await (const lines of splitLines(readNamed(disk, namedRowFacts(folder, run)))) {
    for (const { bytes } of lines) yield JSON.parse(Buffer.from(bytes).toString('utf8')) as FactLine
  }
}
