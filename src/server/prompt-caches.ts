import type { JsonObject } from '../lib/json.ts'

/** A request that a cache may serve. Instants are epoch milliseconds. */
export interface CacheUse {
  readonly account: string
  readonly model: string
  readonly body: JsonObject
  readonly now: number
  /** The batch that it is a row of; null for a call. */
  readonly batchId: string | null
  readonly caches: PromptCaches
}

interface Kept {
  readonly writers: Set<string | null>
  untilMs: number
}

/**
 * Beginnings of requests that accounts have in their caches. One can be read once a batch or a call that has written it has
 * ended. In memory, so a restart forgets them.
 */
export class PromptCaches {
  readonly #kept = new Map<string, Kept>()
  readonly #hasEnded: (batchId: string) => boolean

  constructor(hasEnded: (batchId: string) => boolean) {
    this.#hasEnded = hasEnded
  }

  /** Whether a beginning was written by what has ended, and is still kept. */
  isReadable(key: string, { account, now }: CacheUse): boolean {
    const kept = this.#kept.get(`${account} ${key}`)
    if (!kept || kept.untilMs <= now) return false
    return [...kept.writers].some((writer) => writer === null || this.#hasEnded(writer))
  }

  /** Keeps a beginning that was written or read, for so long from now on. */
  keep(key: string, { account, batchId, now }: CacheUse, lifeMs: number): void {
    const name = `${account} ${key}`
    const kept = this.#kept.get(name) ?? { writers: new Set(), untilMs: 0 }
    kept.writers.add(batchId)
    kept.untilMs = now + lifeMs
    this.#kept.set(name, kept)
  }
}
