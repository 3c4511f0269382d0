import { contentOf, parsedBodyOf } from '../log/frozen-line.ts'
import { type Target, targetKey } from '../model/target.ts'
import type { ProviderFacts, RequestParts } from '../providers/facts.ts'
import { factsOf } from '../providers/known.ts'
import type { TokenMethod } from '../store/port/batch.ts'
import { sizeInDataUrl } from './image-size.ts'
import { type TokenFeatures, tokenFeatures } from './token-features.ts'
import { TokenFit } from './token-fit.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

/** Bytes of UTF-8 per token, roughly, for English prose; other scripts and code have more tokens per byte or fewer. */
const BYTES_PER_TOKEN = 4

/** Bytes of the first lines that are counted exactly, which takes about 40 ms. */
const SAMPLE_BYTES = 80_000

/** Lines longer than this are counted exactly only where nothing else was. */
const LONGEST_SAMPLE_BYTES = 40_000

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
    const counter = this.#counters.get(key) ?? new FittedCounter(target)
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
  readonly #model: string
  readonly #facts: ProviderFacts
  readonly #vocabulary: Vocabulary | null
  readonly #fit = new TokenFit()
  #sampledBytes = 0

  constructor(target: Target) {
    this.#model = target.model
    this.#facts = factsOf(target.provider)
    this.#vocabulary = vocabularyOf(target)
  }

  count(line: Uint8Array, nearTokens: number | null): number {
    if (this.#facts.hasMedia(line)) return this.#countParts(this.#partsOf(line))
    // Without the wire id, which no model reads: its random characters would give a plan other estimates than its run.
    const features = tokenFeatures(contentOf(line))
    const vocabulary = this.#vocabulary
    if (vocabulary && this.#isSampled(line.length)) return this.#sample(line, features, vocabulary)
    const tokens = this.#fit.estimate(features)
    const isNear = nearTokens !== null && Math.max(tokens, estimateTokens(line.length)) > nearTokens / 2
    return vocabulary && isNear ? exactTokens(this.#partsOf(line), vocabulary) : tokens
  }

  close(): void {
    this.#vocabulary?.close()
  }

  #isSampled(bytes: number): boolean {
    return this.#sampledBytes < SAMPLE_BYTES && (bytes <= LONGEST_SAMPLE_BYTES || this.#sampledBytes === 0)
  }

  #sample(line: Uint8Array, features: TokenFeatures, vocabulary: Vocabulary): number {
    this.#sampledBytes += line.length
    const tokens = exactTokens(this.#partsOf(line), vocabulary)
    this.#fit.learn(features, tokens)
    if (this.#sampledBytes >= SAMPLE_BYTES) vocabulary.close()
    return tokens
  }

  /** A request with pictures: its text by the fitted weights, its pictures by the provider's rule. */
  #countParts({ images, otherTokens, texts }: RequestParts): number {
    let tokens = this.#fit.estimate(tokenFeatures(Buffer.from(texts.join('\n')))) + otherTokens
    for (const { detail, url } of images) {
      tokens += this.#facts.imageTokens({ model: this.#model, detail, size: sizeInDataUrl(url) })
    }
    return tokens
  }

  #partsOf(line: Uint8Array): RequestParts {
    return this.#facts.requestParts(parsedBodyOf(line))
  }
}

function exactTokens({ otherTokens, texts }: RequestParts, vocabulary: Vocabulary): number {
  return vocabulary.count(texts) + otherTokens
}
