import { isUtf8 } from 'node:buffer'
import { LlmBatchError } from '../model/error.ts'
import type { ReadRow } from '../model/row.ts'
import { readRecord } from './json-record.ts'

const LINE_FEED = 0x0a
const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** The bytes of one element of the list, and the line that it begins on. */
interface Element {
  readonly line: number
  readonly bytes: Uint8Array
  readonly isTooLong: boolean
}

/** True where the first byte after white space opens a list. */
export function isJsonArray(head: Uint8Array): boolean {
  const at = head[0] === 0xef ? 3 : 0
  return head.subarray(at).find((byte) => byte > 0x20) === OPEN_BRACKET
}

/**
 * Reads one JSON list of objects, written on one line or on many, as rows; a row's line is the one it begins on. Memory is
 * bounded by the longest element. Throws `input` where the list does not end, or something follows it.
 */
export async function* readJsonArray(
  pieces: AsyncIterable<Uint8Array>,
  name: string,
  maxLineBytes: number,
): AsyncIterable<readonly ReadRow[]> {
  const cutter = new ElementCutter(maxLineBytes)
  for await (const piece of pieces) {
    const rows = cutter.push(piece, name).map((element) => readElement(element, maxLineBytes))
    if (rows.length > 0) yield rows
  }
  if (!cutter.isEnded) {
    throw new LlmBatchError('input', `${name} ends inside its JSON list, after line ${cutter.line}`, {
      next: 'Get the whole file, or mend its brackets and quotes.',
    })
  }
}

function readElement({ bytes, isTooLong, line }: Element, maxBytes: number): ReadRow {
  if (isTooLong) {
    return { problem: { code: 'line_too_long', line, detail: `the element is longer than ${maxBytes} bytes` } }
  }
  if (!isUtf8(bytes)) return { problem: { code: 'invalid_encoding', line, detail: 'the element is not UTF-8 text' } }
  // A line break in valid JSON stands between its parts only, and a frozen row is one line.
  return readRecord(
    Buffer.from(bytes)
      .toString('utf8')
      .replace(/[\r\n]/g, ' '),
    line,
  )
}

/** Cuts a JSON list into its elements by brackets and quotes; whether an element is valid is found when it is parsed. */
class ElementCutter {
  readonly #maxBytes: number
  #parts: Uint8Array[] = []
  #length = 0
  #depth = 0
  #isInText = false
  #isEscaped = false
  #isBegun = false
  #isFirst = true
  #startLine = 0
  isEnded = false
  line = 1

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(piece: Uint8Array, name: string): readonly Element[] {
    const elements: Element[] = []
    let start = 0
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at] ?? 0
      if (byte === LINE_FEED) this.line += 1
      if (this.#isInText) this.#readText(byte)
      else if (!this.#isBegun) {
        // A byte order mark may stand before the list.
        this.#isBegun = byte === OPEN_BRACKET
        start = at + 1
      } else if (this.isEnded) this.#assertBlank(byte, name)
      else {
        if (this.#startLine === 0 && byte > 0x20) this.#startLine = this.line
        if (this.#depth === 0 && (byte === COMMA || byte === CLOSE_BRACKET)) {
          this.#add(piece.subarray(start, at))
          elements.push(...this.#close(byte === CLOSE_BRACKET))
          start = at + 1
        } else this.#readStructure(byte)
      }
    }
    if (this.#isBegun && !this.isEnded) this.#add(piece.subarray(start))
    return elements
  }

  #readText(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === BACKSLASH) this.#isEscaped = true
    else if (byte === QUOTE) this.#isInText = false
  }

  #readStructure(byte: number): void {
    if (byte === QUOTE) this.#isInText = true
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth -= 1
  }

  #add(part: Uint8Array): void {
    this.#length += part.length
    if (this.#length > this.#maxBytes) this.#parts = []
    // Copied, because the source may use its buffer again.
    else if (part.length > 0) this.#parts.push(Buffer.from(part))
  }

  #close(isLast: boolean): readonly Element[] {
    const isTooLong = this.#length > this.#maxBytes
    const bytes = isTooLong ? new Uint8Array(0) : Buffer.concat(this.#parts)
    const isEmptyList = isLast && this.#isFirst && !isTooLong && bytes.every((byte) => byte <= 0x20)
    const line = this.#startLine === 0 ? this.line : this.#startLine
    this.#parts = []
    this.#length = 0
    this.#startLine = 0
    this.#isFirst = false
    this.isEnded = isLast
    return isEmptyList ? [] : [{ line, bytes, isTooLong }]
  }

  #assertBlank(byte: number, name: string): void {
    if (byte <= 0x20) return
    throw new LlmBatchError('input', `${name} goes on after the end of its JSON list, on line ${this.line}`, {
      next: 'Write one list of objects, or one object a line.',
    })
  }
}
