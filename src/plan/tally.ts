import { sumKnown } from '../lib/number.ts'
import { type Target, targetKey } from '../model/target.ts'
import type { RequestLoad } from './request-load.ts'

/** Facts of a target's requests besides their number and size. */
export interface TargetTally {
  /** The most tokens all answers may have together; null where any of them is without limit. */
  readonly mostOutputTokens: number | null
  /** The beginning that all bodies share, in characters. */
  readonly sharedCharacters: number
  readonly firstBody: string
  /** Bytes that the answers are expected to have, where that can be foreseen; else 0. */
  readonly outputBytes: number
}

interface OpenTally {
  mostOutputTokens: number | null
  outputBytes: number
  shared: string
  readonly firstBody: string
}

/** Gathers what an estimate needs while rows become requests; flat memory. */
export class RequestTally {
  readonly #tallies = new Map<string, OpenTally>()
  /** The last target and its tally: neighbouring requests mostly go to the same one. */
  #last: { readonly target: Target; readonly tally: OpenTally } | undefined

  /** Counts one request; `body` is its JSON text. */
  add(target: Target, body: string, mostOutputTokens: number | null): void {
    const tally = this.#tallyOf(target, body)
    tally.mostOutputTokens = sumKnown([tally.mostOutputTokens, mostOutputTokens])
    if (!body.startsWith(tally.shared)) tally.shared = sharedBeginning(tally.shared, body)
  }

  /** Counts what a request takes besides, of a target that was added before. */
  addLoad(target: Target, { outputBytes }: RequestLoad): void {
    if (outputBytes > 0) this.#tallyOf(target, '').outputBytes += outputBytes
  }

  /** What was gathered of a target; nothing is shared and nothing limited where it has no request. */
  of(target: Target): TargetTally {
    const tally = this.#tallies.get(targetKey(target))
    if (!tally) return { mostOutputTokens: 0, sharedCharacters: 0, firstBody: '{}', outputBytes: 0 }
    const { firstBody, mostOutputTokens, outputBytes, shared } = tally
    return { mostOutputTokens, sharedCharacters: shared.length, firstBody, outputBytes }
  }

  #tallyOf(target: Target, body: string): OpenTally {
    if (this.#last?.target === target) return this.#last.tally
    const key = targetKey(target)
    const tally = this.#tallies.get(key) ?? { mostOutputTokens: 0, outputBytes: 0, shared: body, firstBody: body }
    this.#tallies.set(key, tally)
    this.#last = { target, tally }
    return tally
  }
}

function sharedBeginning(one: string, other: string): string {
  const most = Math.min(one.length, other.length)
  let length = 0
  while (length < most && one.charCodeAt(length) === other.charCodeAt(length)) length += 1
  return one.slice(0, length)
}
