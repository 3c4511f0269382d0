import type { Clock } from '../lib/clock.ts'
import type { CallReplies } from './call-replies.ts'
import type { Waiter } from './gathering.ts'

/** News of a look for answers. */
export interface LookNews {
  /** All was looked up, and there are calls without an answer. */
  readonly onUnanswered: () => void
  readonly onFailure: (error: unknown) => void
}

/**
 * Calls that wait for the answer to their request, and the looks for these answers in the run, one at a time: what is asked
 * during a look is looked up next.
 */
export class OpenCalls {
  readonly #replies: Pick<CallReplies, 'of'>
  readonly #clock: Clock
  readonly #news: LookNews
  /** By the ordinal of the request. */
  readonly #waiting = new Map<number, Waiter[]>()
  /** Asked and not looked up yet. */
  #toLookUp = new Set<number>()
  #isLooking = false
  #mustLookAtAll = false

  constructor(replies: Pick<CallReplies, 'of'>, clock: Clock, news: LookNews) {
    this.#replies = replies
    this.#clock = clock
    this.#news = news
  }

  /** How many wait. */
  get size(): number {
    let size = 0
    for (const waiters of this.#waiting.values()) size += waiters.length
    return size
  }

  /** Has a call wait for the answer to this request, which may be there already. */
  add(ordinal: number, waiter: Waiter): void {
    const waiters = this.#waiting.get(ordinal)
    if (waiters) waiters.push(waiter)
    else this.#waiting.set(ordinal, [waiter])
    this.#toLookUp.add(ordinal)
    void this.#look()
  }

  /** Looks for all answers, since something of the run has come to an end. */
  lookAtAll(): void {
    this.#mustLookAtAll = true
    void this.#look()
  }

  /** Looks for what was asked after the last look, and tells if calls are without an answer. */
  lookOn(): void {
    if (this.#waiting.size > 0) void this.#look()
  }

  /** Answers the calls that wait now, as far as there are answers, and gives the requests that have none. */
  async answerAll(): Promise<readonly number[]> {
    const waiting = [...this.#waiting.keys()]
    await this.#answer(waiting)
    return waiting.filter((ordinal) => this.#waiting.has(ordinal))
  }

  /** Takes the calls out that wait for one of these requests. @default for any */
  take(ordinals: Iterable<number> = [...this.#waiting.keys()]): readonly Waiter[] {
    const taken: Waiter[] = []
    for (const ordinal of ordinals) {
      taken.push(...(this.#waiting.get(ordinal) ?? []))
      this.#waiting.delete(ordinal)
    }
    return taken
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      while (this.#toLookUp.size > 0 || this.#mustLookAtAll) {
        // What is asked in the same moment is read together.
        await this.#clock.sleep(0)
        const ordinals = this.#mustLookAtAll ? this.#waiting.keys() : this.#toLookUp
        this.#mustLookAtAll = false
        this.#toLookUp = new Set()
        await this.#answer(ordinals)
      }
    } catch (error) {
      this.#news.onFailure(error)
    } finally {
      this.#isLooking = false
    }
    if (this.#waiting.size > 0) this.#news.onUnanswered()
  }

  async #answer(ordinals: Iterable<number>): Promise<void> {
    const inOrder = [...ordinals].sort((one, other) => one - other)
    for await (const [ordinal, reply] of this.#replies.of(inOrder)) {
      for (const { answer } of this.take([ordinal])) answer(reply)
    }
  }
}
