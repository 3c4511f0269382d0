/**
 * Composition of a line of an input file, as far as it tells how many tokens it has: a constant, words, letters, digits,
 * other ASCII characters, and characters beyond ASCII. Spaces are left out, because tokens carry the space before them.
 */
export type TokenFeatures = readonly [
  one: number,
  words: number,
  letters: number,
  digits: number,
  signs: number,
  others: number,
]

export const FEATURE_COUNT = 6

/**
 * What a byte adds, packed into one number, so that a byte costs one addition: letters in the lowest ten bits, then digits,
 * then signs. Spaces, and the later bytes of a character beyond ASCII, add nothing.
 */
const LETTER = 1
const DIGIT = 1 << 10
const SIGN = 1 << 20
const TEN_BITS = 1_023

const ESCAPE_BYTE = 0x5c
const FIRST_OTHER_BYTE = 0xc0

const ADDED_BY_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => addedBy(byte))

function addedBy(byte: number): number {
  if (byte <= 0x20 || byte >= 0x80) return 0
  if (byte >= 0x30 && byte <= 0x39) return DIGIT
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a ? LETTER : SIGN
}

/** A line up to this length is read whole; of a longer one, its head and then one window in each stretch. */
const WHOLE_BYTES = 512
const HEAD_BYTES = 256
const WINDOW_BYTES = 256
const STRETCH_BYTES = 1_024

/**
 * Counts the features of UTF-8 text; a JSON escape counts as one sign. Long texts are read in part, so that a line of any
 * length costs a few tenths of a nanosecond a byte: text changes little from one sentence to the next.
 */
export function tokenFeatures(bytes: Uint8Array): TokenFeatures {
  const size = bytes.length
  if (size <= WHOLE_BYTES) {
    const { digits, letters, others, signs, words } = countWindow(bytes, 0, size)
    return [1, words, letters, digits, signs, others]
  }
  const head = countWindow(bytes, 0, HEAD_BYTES)
  const rest = { words: 0, letters: 0, digits: 0, signs: 0, others: 0 }
  let read = 0
  for (let start = HEAD_BYTES; start < size; start += STRETCH_BYTES) {
    const end = Math.min(size, start + WINDOW_BYTES)
    const window = countWindow(bytes, start, end)
    rest.words += window.words
    rest.letters += window.letters
    rest.digits += window.digits
    rest.signs += window.signs
    rest.others += window.others
    read += end - start
  }
  const scale = (size - HEAD_BYTES) / read
  return [
    1,
    head.words + rest.words * scale,
    head.letters + rest.letters * scale,
    head.digits + rest.digits * scale,
    head.signs + rest.signs * scale,
    head.others + rest.others * scale,
  ]
}

interface Counts {
  readonly words: number
  readonly letters: number
  readonly digits: number
  readonly signs: number
  readonly others: number
}

/** Counts a window of at most 1,023 bytes. */
function countWindow(bytes: Uint8Array, start: number, end: number): Counts {
  let added = 0
  let before = 0
  let words = 0
  let others = 0
  for (let place = start; place < end; place += 1) {
    const byte = bytes[place] ?? 0
    const adds = ADDED_BY_BYTE[byte] ?? 0
    added += adds
    words += adds & ~before & LETTER
    before = adds
    // What is escaped belongs to the escape.
    if (byte === ESCAPE_BYTE) place += 1
    else if (byte >= FIRST_OTHER_BYTE) others += 1
  }
  return {
    words,
    letters: added & TEN_BITS,
    digits: (added >>> 10) & TEN_BITS,
    signs: (added >>> 20) & TEN_BITS,
    others,
  }
}
