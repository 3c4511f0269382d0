/** One line of a file, without its line feed (and without a carriage return before it). */
export interface Line {
  readonly bytes: Uint8Array
  /** Byte offset of the line in the file, after a byte order mark if there was one. */
  readonly offset: number
  /** 1-based, blank lines counted. */
  readonly number: number
  /** False only for a last line that no line feed ends. */
  readonly terminated: boolean
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/**
 * Cuts bytes into lines at 0x0A and nowhere else (U+2028 inside a record is data), a list of lines per piece read, so
 * that a caller does not wait once per line. A byte order mark at the beginning is skipped; blank lines are given as
 * empty. Linear in the bytes, also for one line of many megabytes. The bytes given are only valid until the next
 * list is asked for where a line lies inside one piece; copy what is kept.
 */
export async function* splitLines(pieces: AsyncIterable<Uint8Array>): AsyncIterable<readonly Line[]> {
  let number = 1
  let offset = 0
  let position = 0
  let open: Uint8Array[] = []
  let isFirst = true

  for await (const given of pieces) {
    let piece = given
    if (isFirst && piece.length > 0) {
      isFirst = false
      if (piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf) {
        piece = piece.subarray(3)
        offset = 3
        position = 3
      }
    }
    const lines: Line[] = []
    let start = 0
    for (;;) {
      const end = piece.indexOf(LINE_FEED, start)
      if (end < 0) break
      const tail = piece.subarray(start, end)
      const whole = open.length === 0 ? tail : Buffer.concat([...open, tail])
      open = []
      lines.push({ bytes: withoutCarriageReturn(whole), offset, number, terminated: true })
      number += 1
      start = end + 1
      offset = position + start
    }
    if (start < piece.length) open.push(Buffer.from(piece.subarray(start)))
    position += piece.length
    if (lines.length > 0) yield lines
  }
  if (open.length > 0) {
    yield [{ bytes: withoutCarriageReturn(Buffer.concat(open)), offset, number, terminated: false }]
  }
}

function withoutCarriageReturn(bytes: Uint8Array): Uint8Array {
  return bytes[bytes.length - 1] === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes
}

/** True where a line holds nothing but spaces and tabs. */
export function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN)
}
