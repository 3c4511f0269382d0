import type { BatchKind } from '../model/batch.ts'
import { type Target, targetKey } from '../model/target.ts'

/**
 * Choice of the requests that go before all others, in batches of their own kind: those of a canary, and those that prime
 * a cache. The kind decides how they are sent and when the others follow (`drive/gate.ts`).
 */
export interface FirstChoice {
  readonly kind: Extract<BatchKind, 'direct' | 'priming'>
  /** The set, for each of which there is one batch, that this request goes first for; null for one that does not. */
  setFor(request: FirstCandidate): string | null
}

/** Facts of a request that decide whether it goes first. */
export interface FirstCandidate {
  readonly target: Target
  /** The body as JSON text. */
  readonly body: string
  /** Names the beginning that it shares with others and that its body marks. @default none */
  readonly prefix?: string | undefined
}

/** Chooses the first request of each shared beginning: once it is answered, the others read from the cache. */
export class PrimingChoice implements FirstChoice {
  readonly kind = 'priming'
  readonly #primed = new Set<string>()

  setFor({ prefix, target }: FirstCandidate): string | null {
    if (prefix === undefined || this.#primed.has(prefix)) return null
    this.#primed.add(prefix)
    return setOf(target)
  }
}

/** One batch primes all beginnings of a target. */
function setOf(target: Target): string {
  return `priming ${targetKey(target)}`
}
