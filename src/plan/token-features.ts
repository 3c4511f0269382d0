/**
 * What a line of an input file is made of, as far as it tells how many tokens it has: a constant, words, letters, digits,
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

const SPACE = 0
const LETTER = 1
const DIGIT = 2
const SIGN = 3
const OTHER = 4
const ESCAPE = 5
/** The second and later bytes of a character beyond ASCII. */
const CONTINUED = 6

const CLASS_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => classOf(byte))

function classOf(byte: number): number {
  if (byte <= 0x20) return SPACE
  if (byte >= 0xc0) return OTHER
  if (byte >= 0x80) return CONTINUED
  if (byte === 0x5c) return ESCAPE
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
  const head = new Counts()
  if (size <= WHOLE_BYTES) return head.add(bytes, 0, size).features(1)
  head.add(bytes, 0, HEAD_BYTES)
  const rest = new Counts()
  let read = 0
  for (let start = HEAD_BYTES; start < size; start += STRETCH_BYTES) {
    const end = Math.min(size, start + WINDOW_BYTES)
    rest.add(bytes, start, end)
    read += end - start
  }
  const [, ...parts] = rest.features((size - HEAD_BYTES) / read)
  const [, words, letters, digits, signs, others] = head.features(1)
  return [1, words + parts[0], letters + parts[1], digits + parts[2], signs + parts[3], others + parts[4]]
}

/** Counts of bytes by class. */
class Counts {
  readonly #byClass = new Uint32Array(8)
  #words = 0

  add(bytes: Uint8Array, start: number, end: number): this {
    const counts = this.#byClass
    let words = 0
    let wasLetter = false
    for (let place = start; place < end; place += 1) {
      const kind = CLASS_OF_BYTE[bytes[place] ?? 0] ?? SPACE
      counts[kind] = (counts[kind] ?? 0) + 1
      // What is escaped belongs to the escape.
      if (kind === ESCAPE) place += 1
      const isLetter = kind === LETTER
      if (isLetter && !wasLetter) words += 1
      wasLetter = isLetter
    }
    this.#words += words
    return this
  }

  features(scale: number): TokenFeatures {
    const of = (kind: number): number => (this.#byClass[kind] ?? 0) * scale
    return [1, this.#words * scale, of(LETTER), of(DIGIT), of(SIGN) + of(ESCAPE), of(OTHER)]
  }
}
