import { queueOfTarget } from '../in-flight.ts'
import { type QueueCatalog } from '../port/queue.ts'
import { selectIsRoomWanted, selectUnwatched, updateUnwatched } from '../queue.ts'
import { bringBackInstants, clearDoubt, selectBelief, upsertRefusal } from '../queue-belief.ts'
import { selectTokenRate } from '../token-rates.ts'
import { type RunAccess } from './run-access.ts'

/** The verbs of `QueueCatalog` in SQLite. */
export function queueVerbs({ clock, driver, runKey, write }: RunAccess): QueueCatalog {
  return {
    recordRefusal: async (attemptKey, refusal) => write(() => upsertRefusal(driver, attemptKey, refusal)),
    queueBelief: async (target) => selectBelief(driver, queueOfTarget(driver, runKey, target)),
    trustQueue: async (target) => write(() => clearDoubt(driver, queueOfTarget(driver, runKey, target))),
    bringBackQueues: async (now) => write(() => bringBackInstants(driver, runKey, now)),
    unwatchedInFlight: async (target) =>
      selectUnwatched(driver, runKey, queueOfTarget(driver, runKey, target), clock.now()),
    noteUnwatched: async (attemptKey, at, hasEnded) => write(() => updateUnwatched(driver, attemptKey, at, hasEnded)),
    isRoomWanted: async () => selectIsRoomWanted(driver, runKey),
    tokenRate: async (target, method) => selectTokenRate(driver, queueOfTarget(driver, runKey, target), method),
  }
}
