import type { Target } from '../model/target.ts'
import type { TokenMethod } from '../store/store.ts'
import { sizeInDataUrl } from './image-size.ts'
import { imageTokens } from './image-tokens.ts'
import { type RequestParts, requestParts } from './request-parts.ts'
import { type TokenFeatures, tokenFeatures } from './token-features.ts'
import { TokenFit } from './token-fit.ts'
import { loadVocabulary, type Vocabulary } from './vocabulary.ts'

/** Bytes of UTF-8 per token, roughly, for English prose; other scripts and code have more tokens per byte or fewer. */
const BYTES_PER_TOKEN = 4

/** Bytes counted exactly at first, and the part of all bytes after that: counting manages about 2 MB a second. */
const FIRST_SAMPLE_BYTES = 80_000
const SAMPLE_PART = 0.001

/** Rows longer than this are sampled only where nothing else was. */
const LONGEST_SAMPLE_BYTES = 100_000

/** Tokens around each message of a conversation, and before the answer (OpenAI's cookbook on counting tokens). */
const MESSAGE_TOKENS = 4
const ANSWER_TOKENS = 3

/** Marks of a line that holds more than text; base64 would be counted as words. */
const IMAGE_MARK = Buffer.from('"image_url"')
const MEDIA_MARKS = ['"input_audio"', '"file_data"'].map((mark) => Buffer.from(mark))

/** A recording or a file makes a line longer than this; shorter ones are searched for images only, to save the time. */
const SHORTEST_MEDIA_BYTES = 8_192

/** Counts the tokens of lines that go to one target. */
export interface TokenCounter {
  readonly method: TokenMethod
  /** Estimated input tokens of an encoded line. */
  count(line: Uint8Array): number
}

/** What a counter is made with. */
export interface TokenCounterOptions {
  /** False for the rule of four bytes a token, which costs nothing. */
  readonly isCounting: boolean
  /** Rows that come near so many tokens are counted exactly where that can be done; null for no row. */
  readonly nearTokens: number | null
}

/** Makes the counter of a target, loading its vocabulary where there is one. */
export async function tokenCounter(target: Target, options: TokenCounterOptions): Promise<TokenCounter> {
  if (!options.isCounting) return BY_BYTES
  return new FittedCounter(target, options.nearTokens, await loadVocabulary(target))
}

/**
 * Input tokens of a request, roughly: a quarter of its bytes. English prose is met within a fifth; JSON syntax counts as
 * text.
 */
export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN)
}

const BY_BYTES: TokenCounter = { method: 'bytes', count: (line) => estimateTokens(line.length) }

/**
 * Estimates by what a line is made of, at the speed of reading it. A few rows are counted exactly, and the weights are
 * fitted to these as they come; the sum over a batch is then met within a few parts in a hundred.
 */
class FittedCounter implements TokenCounter {
  readonly method = 'fitted'
  readonly #target: Target
  readonly #nearTokens: number | null
  readonly #vocabulary: Vocabulary | null
  readonly #fit = new TokenFit()
  #bytes = 0
  #sampledBytes = 0

  constructor(target: Target, nearTokens: number | null, vocabulary: Vocabulary | null) {
    this.#target = target
    this.#nearTokens = nearTokens
    this.#vocabulary = vocabulary
  }

  count(line: Uint8Array): number {
    if (hasMedia(line)) return this.#countParts(partsOf(line))
    this.#bytes += line.length
    const features = tokenFeatures(line)
    if (this.#vocabulary && this.#isSampled(line.length)) return this.#sample(line, features, this.#vocabulary)
    const tokens = this.#fit.estimate(features)
    const isNear = this.#nearTokens !== null && Math.max(tokens, estimateTokens(line.length)) > this.#nearTokens / 2
    return this.#vocabulary && isNear ? exactTokens(partsOf(line), this.#vocabulary) : tokens
  }

  #isSampled(bytes: number): boolean {
    if (bytes > LONGEST_SAMPLE_BYTES && this.#fit.rows > 0) return false
    return this.#sampledBytes < FIRST_SAMPLE_BYTES + this.#bytes * SAMPLE_PART
  }

  #sample(line: Uint8Array, features: TokenFeatures, vocabulary: Vocabulary): number {
    this.#sampledBytes += line.length
    const tokens = exactTokens(partsOf(line), vocabulary)
    this.#fit.learn(features, tokens)
    return tokens
  }

  /** A request with pictures: its text by the fitted weights, its pictures by the provider's rule. */
  #countParts(parts: RequestParts): number {
    let tokens = this.#fit.estimate(tokenFeatures(Buffer.from(parts.texts.join('\n')))) + fixedTokens(parts)
    for (const { detail, url } of parts.images) {
      tokens += imageTokens({ ...this.#target, detail, size: sizeInDataUrl(url) })
    }
    return tokens
  }
}

function exactTokens(parts: RequestParts, vocabulary: Vocabulary): number {
  return parts.texts.reduce((sum, text) => sum + vocabulary(text), 0) + fixedTokens(parts)
}

function fixedTokens({ givenTokens, messages }: RequestParts): number {
  return givenTokens + (messages === 0 ? 0 : messages * MESSAGE_TOKENS + ANSWER_TOKENS)
}

function hasMedia(line: Uint8Array): boolean {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.length)
  if (bytes.includes(IMAGE_MARK)) return true
  return line.length >= SHORTEST_MEDIA_BYTES && MEDIA_MARKS.some((mark) => bytes.includes(mark))
}

/** The parts of an encoded line; adapters of every provider name the body `body`. */
function partsOf(line: Uint8Array): RequestParts {
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString()
  const { body } = JSON.parse(text) as { readonly body?: unknown }
  return requestParts(body)
}
