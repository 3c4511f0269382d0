import Papa from 'papaparse'
import type { CsvDialect } from './csv-dialect.ts'

/** One record of a CSV file. */
export interface CsvRecord {
  readonly fields: readonly string[]
  /** Lines of the file on which it begins and ends, 1-based. */
  readonly firstLine: number
  readonly lastLine: number
  /** True where a quote inside a quoted field is neither doubled nor at the field's end. */
  readonly isMalformed: boolean
}

/** Result of the parser; the package's types leave it open. */
interface Parsed {
  readonly data: string[][]
  readonly errors: readonly { readonly row?: number }[]
  readonly meta: { readonly cursor: number }
}

/**
 * Cuts text that comes in pieces into CSV records; nothing but the unfinished last record is kept. It uses the
 * parser's core directly, because its streaming modes drop the errors and cannot be paused by the reader.
 */
export class CsvRecordCutter {
  readonly #parser: InstanceType<typeof Papa.Parser>
  readonly #newline: string
  #text = ''
  #line = 1
  /** Characters to gather before parsing again: doubles while no record ends, so that a long one stays linear. */
  #enough = 0

  constructor(dialect: CsvDialect) {
    this.#newline = dialect.newline
    this.#parser = new Papa.Parser({ delimiter: dialect.delimiter, newline: dialect.newline })
  }

  /** Characters of the record that has not ended. */
  get pendingLength(): number {
    return this.#text.length
  }

  /** The line on which the next record, or the one that has not ended, begins. */
  get line(): number {
    return this.#line
  }

  /** The records that end in this piece. */
  push(piece: string): CsvRecord[] {
    this.#text += piece
    return this.#text.length < this.#enough ? [] : this.#cut()
  }

  /** The records left at the end of the file; what is still pending then is an unclosed quote. */
  end(): CsvRecord[] {
    if (this.#text !== '' && !this.#text.endsWith(this.#newline)) this.#text += this.#newline
    return this.#cut()
  }

  #cut(): CsvRecord[] {
    const { data, errors, meta } = this.#parser.parse(this.#text, 0, true) as Parsed
    this.#text = this.#text.slice(meta.cursor)
    this.#enough = data.length === 0 ? this.#text.length * 2 : 0
    const malformed = new Set(errors.map((error) => error.row))
    return data.map((fields, index) => this.#record(fields, malformed.has(index)))
  }

  #record(given: string[], isMalformed: boolean): CsvRecord {
    const fields = this.#newline === '\n' ? withoutCarriageReturn(given) : given
    const firstLine = this.#line
    const lastLine = fields.reduce((line, field) => line + count(field, this.#newline), firstLine)
    this.#line = lastLine + 1
    return { fields, firstLine, lastLine, isMalformed }
  }
}

function withoutCarriageReturn(fields: string[]): string[] {
  const last = fields.at(-1)
  if (last?.endsWith('\r')) fields[fields.length - 1] = last.slice(0, -1)
  return fields
}

function count(text: string, character: string): number {
  let found = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found += 1
  return found
}
