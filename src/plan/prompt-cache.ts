import { type Target, targetKey } from '../model/target.ts'
import { roundUsd, sumUsd } from '../prices/dollars.ts'
import type { Price } from '../prices/price.ts'
import { factsOf } from '../providers/known.ts'

/** The long beginnings that requests share, added up: of each, every request counts its tokens. */
export interface TargetPrefixes {
  readonly prefixes: number
  /** Requests that share one of them. */
  readonly requests: number
  /** Estimated input tokens of these beginnings in all requests. */
  readonly tokens: number
  /** The same, each beginning once. */
  readonly onceTokens: number
}

/** Saving by shared beginnings, where one request of each is sent first and the others read it from the cache. */
export interface PromptCachePlan extends Omit<TargetPrefixes, 'onceTokens'> {
  /** True where the run does it, false where it would only be worth it. */
  readonly isPrimed: boolean
  /** The part of all input tokens that is shared, from 0 to 1. */
  readonly share: number
  /** US dollars; null where a price is unknown. */
  readonly savedUsd: number | null
}

/** Amounts by which marks change the cost of a target's batches, in US dollars at the batch price. */
export interface PromptCacheCost {
  /** Null where the price of what is read is unknown. */
  readonly savedUsd: number | null
  /** What is paid more at worst: every request writes, and none reads. */
  readonly mostMoreUsd: number
}

/** Savings below this, or below this part of the cost, are not worth a line. */
const LEAST_USD = 0.01
const LEAST_PART = 0.01

/** The shared part of the input from which a saving is told whose price is unknown. */
const LEAST_SHARE = 0.1

interface OpenPrefixes {
  readonly names: Set<string>
  requests: number
  tokens: number
  onceTokens: number
}

/** Counts the requests that share a beginning, which are few different ones. */
export class PrefixTally {
  readonly #targets = new Map<string, OpenPrefixes>()

  add(target: Target, { name, tokens }: { readonly name: string; readonly tokens: number }): void {
    const key = targetKey(target)
    const open = this.#targets.get(key) ?? { names: new Set(), requests: 0, tokens: 0, onceTokens: 0 }
    this.#targets.set(key, open)
    if (!open.names.has(name)) open.onceTokens += tokens
    open.names.add(name)
    open.requests += 1
    open.tokens += tokens
  }

  of(target: Target): TargetPrefixes {
    const open = this.#targets.get(targetKey(target))
    if (!open) return NO_PREFIXES
    const { names, onceTokens, requests, tokens } = open
    return { prefixes: names.size, requests, tokens, onceTokens }
  }
}

/** Of requests that were not looked at, or share nothing. */
export const NO_PREFIXES: TargetPrefixes = { prefixes: 0, requests: 0, tokens: 0, onceTokens: 0 }

/**
 * Shared beginnings in relation to all input tokens: counted by themselves they may come to more than is estimated of all.
 */
export function prefixesWithin(prefixes: TargetPrefixes, allTokens: number): TargetPrefixes {
  if (prefixes.tokens <= allTokens) return prefixes
  const onceTokens = Math.round((prefixes.onceTokens * allTokens) / prefixes.tokens)
  return { ...prefixes, tokens: allTokens, onceTokens }
}

/** How priming changes the cost: one request of each beginning writes it for an hour, all others read it. */
export function promptCacheCost({ onceTokens, tokens }: TargetPrefixes, price: Price | null): PromptCacheCost | null {
  const cache = price && factsOf(price.provider).promptCache
  if (!price || !cache) return null
  const usd = (inputTokens: number): number => (inputTokens * price.inputUsd * price.batchFactor) / 1_000_000
  const more = cache.hourWriteFactor - 1
  const readFactor =
    price.cachedInputUsd === null || price.inputUsd === 0 ? null : price.cachedInputUsd / price.inputUsd
  return {
    savedUsd: readFactor === null ? null : roundUsd(usd((tokens - onceTokens) * (1 - readFactor) - onceTokens * more)),
    mostMoreUsd: roundUsd(usd(tokens * more)),
  }
}

/** One target's part of what a plan says. */
export interface PromptCachePart {
  readonly prefixes: TargetPrefixes
  /** Estimated input tokens of all requests. */
  readonly tokens: number
  readonly price: Price | null
  /** What all of it is expected to cost without priming; null where unknown. */
  readonly usualUsd: number | null
}

/** What a plan says of priming: always where the run primes, else only where it would save something worth a line. */
export function promptCachePlan(parts: readonly PromptCachePart[], isPrimed: boolean): PromptCachePlan | null {
  const shared = parts.filter(({ prefixes }) => prefixes.requests > 0)
  const sum = (pick: (part: PromptCachePart) => number, of: readonly PromptCachePart[] = shared): number =>
    of.reduce((total, part) => total + pick(part), 0)
  const all = sum(({ tokens }) => tokens, parts)
  const tokens = sum(({ prefixes }) => prefixes.tokens)
  const plan: PromptCachePlan = {
    isPrimed,
    prefixes: sum(({ prefixes }) => prefixes.prefixes),
    requests: sum(({ prefixes }) => prefixes.requests),
    tokens,
    share: all === 0 ? 0 : tokens / all,
    savedUsd: sumUsd(shared.map(({ prefixes, price }) => promptCacheCost(prefixes, price)?.savedUsd ?? null)),
  }
  return isPrimed || isWorthIt(plan, sumUsd(parts.map(({ usualUsd }) => usualUsd))) ? plan : null
}

function isWorthIt({ requests, savedUsd, share }: PromptCachePlan, usualUsd: number | null): boolean {
  if (requests === 0) return false
  if (savedUsd === null) return share >= LEAST_SHARE
  return savedUsd >= Math.max(LEAST_USD, (usualUsd ?? 0) * LEAST_PART)
}
