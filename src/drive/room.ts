import { maxOpenBatchesInForce, type Settings } from '../config/settings.ts'
import { type Target, targetKey } from '../model/target.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { WaitingRun } from '../store/port/run.ts'
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
  of({ target }: Pick<AttemptRecord, 'target'>): number {
    const most = maxOpenBatchesInForce(this.#settings, target.provider, target.model)
    const key = targetKey(target)
    if ((this.#waitingByTarget.get(key) ?? 0) >= MOST_WAITING) return 0
    const openHere = this.#openByTarget.get(key) ?? 0
    return Math.min(this.#settings.maxOpenBatches - this.#open, most - openHere)
  }

  /** Counts an attempt as open. */
  take(attempt: AttemptRecord): void {
    this.fill(attempt.target, 1, isWaitingForRoom(attempt) ? 1 : 0)
  }

  /** Counts attempts of a target as open, some of which wait for room in the provider's queue. */
  fill(target: Target, open: number, waiting: number): void {
    const key = targetKey(target)
    this.#waitingByTarget.set(key, (this.#waitingByTarget.get(key) ?? 0) + waiting)
    this.#open += open
    this.#openByTarget.set(key, (this.#openByTarget.get(key) ?? 0) + open)
  }
}

/** True where a batch of the run may be sent now: for a planned batch without room no round is due. */
export function canSend(settings: Settings, { queues }: Pick<WaitingRun, 'queues'>, now: number): boolean {
  const room = new Room(settings, [])
  for (const { open, shortOfRoom, target } of queues) room.fill(target, open, shortOfRoom)
  return queues.some((queue) => queue.unsentAt !== null && queue.unsentAt <= now && room.of(queue) > 0)
}
