/** Hash of 32 bits over bytes: FNV-1a, with its offset basis and its prime. */
const HASH_BASIS = 0x811c9dc5
const HASH_PRIME = 0x01000193

/** Stands for a word that no token is. */
const NONE = -1

/** Later than every rank. */
const NEVER = 0x7fffffff

/** A line of a vocabulary's file has at least so many bytes: four of base64, a space, a digit and a line feed. */
const LEAST_LINE_BYTES = 7

/**
 * Longer words are cut there. Joining pairs takes time by the square of a word's length, and some texts have no spaces; a
 * cut makes one token too many at most.
 */
const LONGEST_WORD_BYTES = 1_024

const SPACE = 0x20
const PADDING = 0x3d
const LINE_FEED = 0x0a
const ZERO = 0x30

const ENCODER = new TextEncoder()

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const SIX_BITS = Uint8Array.from({ length: 128 }, (_, byte) => Math.max(0, BASE64.indexOf(String.fromCharCode(byte))))

/**
 * A vocabulary of byte pairs (`VocabularyFile`): a token in base64 and its rank, line by line. It holds all tokens
 * in one piece of memory and finds them through a table of places, ten megabytes together; as strings in a map they take
 * seventy.
 */
export class BytePairs {
  readonly #words: RegExp
  /** All tokens, one after another, and where each of them ends. */
  readonly #bytes: Uint8Array
  readonly #ends: Uint32Array
  readonly #ranks: Int32Array
  /** Places of tokens by their hash, counted from one; zero is free. */
  readonly #table: Int32Array
  readonly #word = new Uint8Array(LONGEST_WORD_BYTES)
  readonly #starts = new Int32Array(LONGEST_WORD_BYTES + 1)
  readonly #pairRanks = new Int32Array(LONGEST_WORD_BYTES + 1)

  /** `words` cuts a text into the words inside of which pairs are joined. */
  constructor(file: Uint8Array, words: RegExp) {
    this.#words = words
    const most = Math.ceil(file.length / LEAST_LINE_BYTES)
    this.#bytes = new Uint8Array(file.length)
    this.#ends = new Uint32Array(most)
    this.#ranks = new Int32Array(most)
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(most + 1)))
    this.#read(file)
  }

  /** The tokens of a text. */
  count(text: string): number {
    let tokens = 0
    for (const [word] of text.matchAll(this.#words)) tokens += this.#countWord(word)
    return tokens
  }

  #read(file: Uint8Array): void {
    let at = 0
    let end = 0
    for (let token = 0; at < file.length; token += 1) {
      const start = end
      let bits = 0
      let held = 0
      for (; file[at] !== SPACE; at += 1) {
        const digit = file[at] ?? 0
        if (digit === PADDING) continue
        bits = ((bits << 6) | (SIX_BITS[digit] ?? 0)) & 0xffff
        held += 6
        if (held < 8) continue
        held -= 8
        this.#bytes[end] = bits >>> held
        end += 1
      }
      let rank = 0
      for (at += 1; at < file.length && file[at] !== LINE_FEED; at += 1) rank = rank * 10 + (file[at] ?? 0) - ZERO
      at += 1
      this.#ends[token] = end
      this.#ranks[token] = rank
      let place = this.#placeOf(this.#bytes, start, end)
      while (this.#table[place] !== 0) place = (place + 1) % this.#table.length
      this.#table[place] = token + 1
    }
  }

  /** Where the token of these bytes is looked for first. */
  #placeOf(bytes: Uint8Array, start: number, end: number): number {
    let hash = HASH_BASIS
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), HASH_PRIME)
    return (hash ^ (hash >>> 15)) & (this.#table.length - 1)
  }

  /** The rank of a part of the word; NONE where it is not a token. */
  #rankOf(start: number, end: number): number {
    const length = end - start
    for (let place = this.#placeOf(this.#word, start, end); ; place = (place + 1) % this.#table.length) {
      const token = (this.#table[place] ?? 0) - 1
      if (token === -1) return NONE
      const first = token === 0 ? 0 : (this.#ends[token - 1] ?? 0)
      if ((this.#ends[token] ?? 0) - first !== length) continue
      let same = 0
      while (same < length && this.#bytes[first + same] === this.#word[start + same]) same += 1
      if (same === length) return this.#ranks[token] ?? NONE
    }
  }

  #countWord(word: string): number {
    let tokens = 0
    for (let at = 0; at < word.length; ) {
      const { read, written } = ENCODER.encodeInto(at === 0 ? word : word.slice(at), this.#word)
      tokens += this.#rankOf(0, written) === NONE ? this.#join(written) : 1
      at += read
    }
    return tokens
  }

  /** Joins neighbours, the pair with the lowest rank first, until no pair is a token; returns what is left. */
  #join(length: number): number {
    const starts = this.#starts
    const ranks = this.#pairRanks
    let parts = length
    const rankAt = (part: number): number => {
      if (part + 2 > parts) return NEVER
      const rank = this.#rankOf(starts[part] ?? 0, starts[part + 2] ?? 0)
      return rank === NONE ? NEVER : rank
    }
    for (let part = 0; part <= parts; part += 1) starts[part] = part
    for (let part = 0; part < parts; part += 1) ranks[part] = rankAt(part)
    for (;;) {
      let lowest = NEVER
      let found = -1
      for (let part = 0; part < parts - 1; part += 1) {
        const rank = ranks[part] ?? NEVER
        if (rank >= lowest) continue
        lowest = rank
        found = part
      }
      if (found === -1) return parts
      starts.copyWithin(found + 1, found + 2, parts + 1)
      ranks.copyWithin(found + 1, found + 2, parts)
      parts -= 1
      ranks[found] = rankAt(found)
      if (found > 0) ranks[found - 1] = rankAt(found - 1)
    }
  }
}
