import type { JsonObject } from '../lib/json.ts'
import { grouped } from '../lib/number.ts'
import { endpointName, isWritten } from '../model/endpoint.ts'
import type { Target } from '../model/target.ts'
import { contextWindowOf } from '../prices/context-windows.ts'
import { factsOf } from '../providers/known.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

/** Even text that compresses well has a token for so many bytes; used where no vocabulary counts. */
const MOST_BYTES_PER_TOKEN = 8

/** Tells prompts that are longer than their model's context window, as far as that is known. */
export class PromptLengths {
  readonly #isCounting: boolean
  readonly #known = new Map<Target, { readonly window: number | null; readonly vocabulary: Vocabulary | null }>()

  /** `isCounting` false: no vocabulary is loaded, and only what is certainly too long is told. */
  constructor(isCounting: boolean) {
    this.#isCounting = isCounting
  }

  /**
   * What is wrong with a body, in one sentence; null where it fits or that is not known. Only a body with more bytes than
   * the window has tokens is looked at, so that usual requests cost nothing.
   */
  flawOf(target: Target, body: string): string | null {
    const { vocabulary, window } = this.#of(target)
    // A UTF-16 unit takes at most three bytes, and a token at least one.
    if (window === null || body.length * 3 <= window || Buffer.byteLength(body) <= window) return null
    const { isCutToFit, texts } = factsOf(target.provider).requestParts(JSON.parse(body) as JsonObject)
    if (isCutToFit) return null
    // A request for vectors may hold several texts, each of which has the window for itself.
    const tokens = isWritten(target.endpoint)
      ? count(texts, vocabulary)
      : Math.max(0, ...texts.map((text) => count([text], vocabulary)))
    if (tokens <= window) return null
    const [about, most] = [tokens, window].map((number) => grouped(number))
    return `the prompt has about ${about} tokens, and ${target.model} takes ${most} at ${endpointName(target.endpoint)}`
  }

  /** Frees memory; it may be used again. */
  close(): void {
    for (const { vocabulary } of this.#known.values()) vocabulary?.close()
  }

  #of(target: Target) {
    const known = this.#known.get(target) ?? {
      window: contextWindowOf(target),
      vocabulary: this.#isCounting ? vocabularyOf(target) : null,
    }
    this.#known.set(target, known)
    return known
  }
}

function count(texts: readonly string[], vocabulary: Vocabulary | null): number {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return vocabulary?.count(texts) ?? Math.floor(bytes / MOST_BYTES_PER_TOKEN)
}
