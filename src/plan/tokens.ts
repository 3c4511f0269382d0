import { parsedBodyOf } from '../log/frozen-line.ts'
import { WIRE_ID_LENGTH } from '../model/ids.ts'
import { type Target, targetKey } from '../model/target.ts'
import type { TokenMethod } from '../store/store.ts'
import { sizeInDataUrl } from './image-size.ts'
import { imageTokens } from './image-tokens.ts'
import { type RequestParts, requestParts } from './request-parts.ts'
import { type TokenFeatures, tokenFeatures } from './token-features.ts'
import { TokenFit } from './token-fit.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

/** Bytes of UTF-8 per token, roughly, for English prose; other scripts and code have more tokens per byte or fewer. */
const BYTES_PER_TOKEN = 4

/** Bytes of the first lines that are counted exactly, which takes about 40 ms. */
const SAMPLE_BYTES = 80_000

/** Lines longer than this are counted exactly only where nothing else was. */
const LONGEST_SAMPLE_BYTES = 40_000

/** Tokens around each message of a conversation, and before the answer (OpenAI's cookbook on counting tokens). */
const MESSAGE_TOKENS = 4
const ANSWER_TOKENS = 3

/** Marks of a line that holds more than text; base64 would be counted as words. */
const IMAGE_MARK = Buffer.from('"image_url"')
const MEDIA_MARKS = ['"input_audio"', '"file_data"'].map((mark) => Buffer.from(mark))

/** A recording or a file makes a line longer than this; shorter ones are searched for images only, to save the time. */
const SHORTEST_MEDIA_BYTES = 8_192

/**
 * Where the part of a line begins that is the same in every attempt. What stands before is the wire id, which no model
 * reads: its random characters would give a plan other estimates than the run that it foretells.
 */
const AFTER_ID = '{"custom_id":"'.length + WIRE_ID_LENGTH

/** Counts the tokens of lines that go to one target. */
export interface TokenCounter {
  readonly method: TokenMethod
  /**
   * Estimated input tokens of an encoded line. The first lines are counted exactly, where there is a vocabulary, and the
   * estimates of all others follow from these; also counted exactly is a line that may come near `nearTokens`.
   */
  count(line: Uint8Array, nearTokens: number | null): number
  close(): void
}

/** The counters of all targets, each with what it has learnt. */
export class TokenCounters {
  readonly #isCounting: boolean
  readonly #counters = new Map<string, TokenCounter>()

  /** `isCounting` false is the rule of four bytes a token, which costs nothing. */
  constructor(isCounting: boolean) {
    this.#isCounting = isCounting
  }

  of(target: Target): TokenCounter {
    if (!this.#isCounting) return BY_BYTES
    const key = targetKey(target)
    const counter = this.#counters.get(key) ?? new FittedCounter(target, vocabularyOf(target))
    this.#counters.set(key, counter)
    return counter
  }

  /** Frees memory; the counters may be used again. */
  close(): void {
    for (const counter of this.#counters.values()) counter.close()
  }
}

/**
 * Input tokens of a request, roughly: a quarter of its bytes. English prose is met within a fifth; JSON syntax counts as
 * text.
 */
export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN)
}

const BY_BYTES: TokenCounter = {
  method: 'bytes',
  count: (line) => estimateTokens(line.length),
  close: () => undefined,
}

/**
 * Estimates by what a line is made of, at the speed of reading it. The first lines are counted exactly, and the weights
 * are fitted to these; the sum over a batch is then met within a few parts in a hundred.
 */
class FittedCounter implements TokenCounter {
  readonly method = 'fitted'
  readonly #target: Target
  readonly #vocabulary: Vocabulary | null
  readonly #fit = new TokenFit()
  #sampledBytes = 0

  constructor(target: Target, vocabulary: Vocabulary | null) {
    this.#target = target
    this.#vocabulary = vocabulary
  }

  count(line: Uint8Array, nearTokens: number | null): number {
    if (hasMedia(line)) return this.#countParts(requestParts(parsedBodyOf(line)))
    const features = tokenFeatures(line.subarray(AFTER_ID))
    const vocabulary = this.#vocabulary
    if (vocabulary && this.#isSampled(line.length)) return this.#sample(line, features, vocabulary)
    const tokens = this.#fit.estimate(features)
    const isNear = nearTokens !== null && Math.max(tokens, estimateTokens(line.length)) > nearTokens / 2
    return vocabulary && isNear ? exactTokens(requestParts(parsedBodyOf(line)), vocabulary) : tokens
  }

  close(): void {
    this.#vocabulary?.close()
  }

  #isSampled(bytes: number): boolean {
    return this.#sampledBytes < SAMPLE_BYTES && (bytes <= LONGEST_SAMPLE_BYTES || this.#sampledBytes === 0)
  }

  #sample(line: Uint8Array, features: TokenFeatures, vocabulary: Vocabulary): number {
    this.#sampledBytes += line.length
    const tokens = exactTokens(requestParts(parsedBodyOf(line)), vocabulary)
    this.#fit.learn(features, tokens)
    if (this.#sampledBytes >= SAMPLE_BYTES) vocabulary.close()
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
  return vocabulary.count(parts.texts) + fixedTokens(parts)
}

function fixedTokens({ givenTokens, messages }: RequestParts): number {
  return givenTokens + (messages === 0 ? 0 : messages * MESSAGE_TOKENS + ANSWER_TOKENS)
}

function hasMedia(line: Uint8Array): boolean {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.length)
  if (bytes.includes(IMAGE_MARK)) return true
  return line.length >= SHORTEST_MEDIA_BYTES && MEDIA_MARKS.some((mark) => bytes.includes(mark))
}
