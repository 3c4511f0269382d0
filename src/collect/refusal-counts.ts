import type { Outcome } from '../model/outcome.ts'
import type { UniformFailure } from '../model/stop-loss.ts'

/**
 * Counts the refusals of requests by their codes: 4xx answers of the API, unbilled and for good. What passes (429, 5xx),
 * what was paid for, and answers that merely cannot be used are none.
 */
export class Refusals {
  readonly #byCode = new Map<string, { count: number; readonly example: string }>()

  add({ accountProblem, billed, code, reason, retryable, status }: Outcome): void {
    if (status !== 'failed' || billed !== 'no' || (retryable && !accountProblem) || code === null) return
    const known = this.#byCode.get(code)
    if (known) known.count += 1
    else this.#byCode.set(code, { count: 1, example: reason ?? code })
  }

  /** Refusals of all codes. */
  get total(): number {
    return [...this.#byCode.values()].reduce((sum, { count }) => sum + count, 0)
  }

  /** The most frequent code among the failures of so many requests; null where there was none. */
  most(requests: number): UniformFailure | null {
    const [first] = [...this.#byCode].sort(([, one], [, other]) => other.count - one.count)
    return first ? { code: first[0], example: first[1].example, failed: first[1].count, requests } : null
  }
}
