import { longer } from '../lib/packed/longer.ts'
import { NumberIndex } from '../lib/packed/number-index.ts'
import type { AttemptRecord, RequestSpan } from '../store/store.ts'
import type { CollectPorts } from './ports.ts'

/** Requests read from the store at once. */
const PAGE_REQUESTS = 10_000

/** The planned requests of a batch with the tries each has had; a `ReadonlyMap` that takes a tenth of its memory. */
export class Tries {
  readonly #index: NumberIndex
  #tries: Uint32Array

  constructor(expected: number) {
    this.#index = new NumberIndex(expected)
    this.#tries = new Uint32Array(Math.max(1, expected))
  }

  get size(): number {
    return this.#index.size
  }

  set(ordinal: number, tries: number): void {
    const place = this.#index.add(ordinal)
    if (place === this.#tries.length) this.#tries = longer(this.#tries)
    this.#tries[place] = tries
  }

  has(ordinal: number): boolean {
    return this.#index.placeOf(ordinal) >= 0
  }

  get(ordinal: number): number | undefined {
    return this.#tries[this.#index.placeOf(ordinal)]
  }

  keys(): Iterable<number> {
    return this.#index.numbers()
  }

  values(): Iterable<number> {
    return this.#tries.subarray(0, this.size)
  }
}

/** The planned requests of the batch with the tries each has had. */
export async function triesOf(ports: Pick<CollectPorts, 'store'>, attempt: AttemptRecord): Promise<Tries> {
  const tries = new Tries(attempt.requestCount)
  const span = await ports.store.requestSpan(attempt.batchKey)
  if (span !== null && isPlain(span)) {
    for (let ordinal = span.firstOrdinal; ordinal <= span.lastOrdinal; ordinal += 1) tries.set(ordinal, 0)
    return tries
  }
  let after = -1
  for (;;) {
    const page = await ports.store.requestsOf(attempt.batchKey, after, PAGE_REQUESTS)
    for (const request of page) tries.set(request.ordinal, request.tries)
    const last = page.at(-1)
    if (!last) return tries
    after = last.ordinal
  }
}

/** True where the requests count up without a gap and none was tried before, as in nearly every batch. */
function isPlain({ count, firstOrdinal, lastOrdinal, mostTries }: RequestSpan): boolean {
  return mostTries === 0 && lastOrdinal - firstOrdinal + 1 === count
}
