/** One line of a file, without its line feed (and without a carriage return before it). */
export interface Line {
  readonly bytes: Uint8Array
  /** Byte offset of the line in the file, after a byte order mark if there was one. */
  readonly offset: number
  /** 1-based, blank lines counted. */
  readonly number: number
  /** False only for a last line that no line feed ends. */
  readonly terminated: boolean
  /** True where the line was longer than `maxLineBytes`: `bytes` is then empty, the rest of the file is unharmed. */
  readonly isTooLong: boolean
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
const NOTHING = new Uint8Array(0)

/**
 * Cuts bytes into lines at 0x0A and nowhere else (U+2028 inside a record is data), a list of lines per piece read, so
 * that a caller does not wait once per line. A byte order mark at the beginning is skipped; blank lines are given as
 * empty. Linear in the bytes, also for one line of many megabytes. The bytes given are only valid until the next
 * list is asked for where a line lies inside one piece; copy what is kept.
 *
 * A line longer than `maxLineBytes` is given as too long, without its bytes, so that memory stays bounded.
 * @default maxLineBytes no limit
 */
export async function* splitLines(
  pieces: AsyncIterable<Uint8Array>,
  { maxLineBytes = Number.POSITIVE_INFINITY }: { readonly maxLineBytes?: number } = {},
): AsyncIterable<readonly Line[]> {
  let number = 1
  let offset = 0
  let position = 0
  const open = new OpenLine(maxLineBytes)

  for await (const given of withoutByteOrderMark(pieces)) {
    const { piece } = given
    if (given.skipped > 0) offset = position = given.skipped
    const lines: Line[] = []
    let start = 0
    for (;;) {
      const end = piece.indexOf(LINE_FEED, start)
      if (end < 0) break
      lines.push(open.close(piece.subarray(start, end), offset, number, true))
      number += 1
      start = end + 1
      offset = position + start
    }
    if (start < piece.length) open.add(piece.subarray(start))
    position += piece.length
    if (lines.length > 0) yield lines
  }
  if (position > offset) yield [open.close(NOTHING, offset, number, false)]
}

/** The beginning of a line whose end was not read yet, gathered without joining it more than once. */
class OpenLine {
  readonly #maxBytes: number
  #parts: Uint8Array[] = []
  #length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  add(part: Uint8Array): void {
    this.#length += part.length
    if (this.#length > this.#maxBytes + 1) this.#parts = []
    else this.#parts.push(Buffer.from(part))
  }

  /** The line with this tail; begins the next one. */
  close(tail: Uint8Array, offset: number, number: number, terminated: boolean): Line {
    // Nearly every line lies inside one piece.
    if (this.#length === 0) return lineOf(tail, this.#maxBytes, offset, number, terminated)
    // One byte more than allowed was kept, because a carriage return before the line feed does not count.
    const isKept = this.#length + tail.length <= this.#maxBytes + 1
    const whole = isKept ? Buffer.concat([...this.#parts, tail]) : null
    this.#parts = []
    this.#length = 0
    if (whole === null) return { bytes: NOTHING, offset, number, terminated, isTooLong: true }
    return lineOf(whole, this.#maxBytes, offset, number, terminated)
  }
}

function lineOf(whole: Uint8Array, maxBytes: number, offset: number, number: number, terminated: boolean): Line {
  const bytes = whole[whole.length - 1] === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole
  const isTooLong = bytes.length > maxBytes
  return { bytes: isTooLong ? NOTHING : bytes, offset, number, terminated, isTooLong }
}

/** The pieces without a byte order mark, which may itself be cut by the first pieces' borders. */
async function* withoutByteOrderMark(
  pieces: AsyncIterable<Uint8Array>,
): AsyncIterable<{ readonly piece: Uint8Array; readonly skipped: number }> {
  let head: Uint8Array | undefined = NOTHING
  for await (const piece of pieces) {
    if (head === undefined) {
      yield { piece, skipped: 0 }
      continue
    }
    head = head.length === 0 ? piece : Buffer.concat([head, piece])
    if (head.length < BYTE_ORDER_MARK.length && isMarkBegun(head)) {
      // Copied, because the source may use its buffer again.
      head = Buffer.from(head)
      continue
    }
    const skipped = head.length >= BYTE_ORDER_MARK.length && isMarkBegun(head) ? BYTE_ORDER_MARK.length : 0
    yield { piece: head.subarray(skipped), skipped }
    head = undefined
  }
  if (head !== undefined && head.length > 0) yield { piece: head, skipped: 0 }
}

function isMarkBegun(head: Uint8Array): boolean {
  return BYTE_ORDER_MARK.every((byte, at) => at >= head.length || head[at] === byte)
}

/** True where a line holds nothing but spaces and tabs. */
export function isBlank(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x09 && byte !== CARRIAGE_RETURN) return false
  }
  return true
}
