import { queueOfTarget, selectInFlight } from '../in-flight.ts'
import { type QueueCatalog } from '../port/queue.ts'
import { selectIsRoomWanted, selectUnwatched, updateUnwatched } from '../queue.ts'
import { bringBackInstants, clearDoubt, selectBelief, upsertRefusal } from '../queue-belief.ts'
import { selectTokenRate } from '../token-rates.ts'
import { type RunAccess } from './run-access.ts'

/** The verbs of `QueueCatalog`. */
export function queueVerbs({ clock, read, write }: RunAccess): QueueCatalog {
  return {
    recordRefusal: async (attemptKey, refusal) => write(async (sql) => upsertRefusal(sql, attemptKey, refusal)),
    queueBelief: async (target) =>
      read(async (sql, runKey) => selectBelief(sql, await queueOfTarget(sql, runKey, target))),
    trustQueue: async (target) =>
      write(async (sql, runKey) => clearDoubt(sql, await queueOfTarget(sql, runKey, target))),
    bringBackQueues: async (now) => write(async (sql, runKey) => bringBackInstants(sql, runKey, now)),
    unwatchedInFlight: async (target) =>
      read(async (sql, runKey) => selectUnwatched(sql, runKey, await queueOfTarget(sql, runKey, target), clock.now())),
    noteUnwatched: async (attemptKey, at, hasEnded) =>
      write(async (sql) => updateUnwatched(sql, attemptKey, at, hasEnded)),
    isRoomWanted: async () => read(async (sql, runKey) => selectIsRoomWanted(sql, runKey)),
    inFlight: async (target) =>
      read(async (sql, runKey) => selectInFlight(sql, await queueOfTarget(sql, runKey, target), clock.now())),
    tokenRate: async (target, method) =>
      read(async (sql, runKey) => selectTokenRate(sql, await queueOfTarget(sql, runKey, target), method)),
  }
}
