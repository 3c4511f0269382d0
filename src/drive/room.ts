import { maxOpenBatchesInForce, type Settings } from '../config/settings.ts'
import { targetKey } from '../model/target.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { isWaitingForRoom } from './foreign-queue.ts'

/** Batches of a target that wait for room in the provider's queue, uploaded; more would only take up its storage. */
const MOST_WAITING = 2

/** Room for further batches, of the run and of each target. */
export class Room {
  readonly #settings: Settings
  readonly #openByTarget = new Map<string, number>()
  readonly #waitingByTarget = new Map<string, number>()
  #open = 0

  /** `open` are the attempts that take up room already. */
  constructor(settings: Settings, open: readonly AttemptRecord[]) {
    this.#settings = settings
    for (const attempt of open) this.take(attempt)
  }

  /** Room left for this attempt's target; zero or less where it must wait. */
  of({ target }: AttemptRecord): number {
    const most = maxOpenBatchesInForce(this.#settings, target.provider, target.model)
    const key = targetKey(target)
    if ((this.#waitingByTarget.get(key) ?? 0) >= MOST_WAITING) return 0
    const openHere = this.#openByTarget.get(key) ?? 0
    return Math.min(this.#settings.maxOpenBatches - this.#open, most - openHere)
  }

  /** Counts an attempt as open. */
  take(attempt: AttemptRecord): void {
    const key = targetKey(attempt.target)
    if (isWaitingForRoom(attempt)) this.#waitingByTarget.set(key, (this.#waitingByTarget.get(key) ?? 0) + 1)
    this.#open += 1
    this.#openByTarget.set(key, (this.#openByTarget.get(key) ?? 0) + 1)
  }
}
