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

/** Bytes of the first lines that are counted exactly; counting manages about 2 MB a second. */
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

/** Counts the tokens of lines that go to one target. */
export interface TokenCounter {
  readonly method: TokenMethod
  /**
   * Estimated input tokens of an encoded line; a promise while the first lines are counted exactly, because the estimates
   * of all others follow from these. Also counted exactly is a line that may come near `nearTokens`, where there is a
   * vocabulary; such a line must stay as it is until the promise is settled.
   */
  count(line: Uint8Array, nearTokens: number | null): number | Promise<number>
  close(): Promise<void>
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
  async close(): Promise<void> {
    for (const counter of this.#counters.values()) await counter.close()
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
  close: async () => undefined,
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
  /** Settles when the lines that are being counted exactly are learnt from; null while there are none. */
  #sampling: Promise<void> | null = null

  constructor(target: Target, vocabulary: Vocabulary | null) {
    this.#target = target
    this.#vocabulary = vocabulary
  }

  count(line: Uint8Array, nearTokens: number | null): number | Promise<number> {
    if (hasMedia(line)) {
      const parts = partsOf(line)
      return this.#afterSamples(() => this.#countParts(parts))
    }
    const features = tokenFeatures(line)
    if (this.#vocabulary && this.#isSampled(line.length)) return this.#sample(line, features, this.#vocabulary)
    return this.#afterSamples(() => {
      const tokens = this.#fit.estimate(features)
      const isNear = nearTokens !== null && Math.max(tokens, estimateTokens(line.length)) > nearTokens / 2
      return this.#vocabulary && isNear ? exactTokens(partsOf(line), this.#vocabulary) : tokens
    })
  }

  async close(): Promise<void> {
    await this.#vocabulary?.close()
  }

  #isSampled(bytes: number): boolean {
    return this.#sampledBytes < SAMPLE_BYTES && (bytes <= LONGEST_SAMPLE_BYTES || this.#sampledBytes === 0)
  }

  #sample(line: Uint8Array, features: TokenFeatures, vocabulary: Vocabulary): Promise<number> {
    this.#sampledBytes += line.length
    const isLast = this.#sampledBytes >= SAMPLE_BYTES
    const learning = this.#learn(partsOf(line), features, vocabulary, isLast)
    const sampling = settled(learning).finally(() => {
      if (this.#sampling === sampling) this.#sampling = null
    })
    this.#sampling = sampling
    return learning
  }

  async #learn(parts: RequestParts, features: TokenFeatures, vocabulary: Vocabulary, isLast: boolean): Promise<number> {
    const tokens = await exactTokens(parts, vocabulary)
    this.#fit.learn(features, tokens)
    if (isLast) await vocabulary.close()
    return tokens
  }

  #afterSamples(estimate: () => number | Promise<number>): number | Promise<number> {
    return this.#sampling === null ? estimate() : this.#sampling.then(estimate)
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

/** A failure to count is the caller's, who has the promise; the lines behind are estimated all the same. */
async function settled(learning: Promise<unknown>): Promise<void> {
  await Promise.allSettled([learning])
}

async function exactTokens(parts: RequestParts, vocabulary: Vocabulary): Promise<number> {
  return (await vocabulary.count(parts.texts)) + fixedTokens(parts)
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
