import {
  closeOpenIntents,
  insertAttempt,
  insertRemoteBatch,
  selectAttempt,
  selectAttempts,
  selectCurrentAttempt,
  selectOrigin,
  selectRemoteBatches,
  selectUnaudited,
  selectUnfinished,
  selectUnknownRemotes,
  updateAttempt,
  updateStage,
} from '../attempts.ts'
import { type AttemptCatalog } from '../port/attempt.ts'
import { wakeWhenFreed } from '../queue.ts'
import { releaseReservation } from '../spending.ts'
import { releaseBatch } from '../tallies.ts'
import { type RunAccess } from './run-access.ts'

/** The verbs of `AttemptCatalog`. */
export function attemptVerbs({ clock, read, write }: RunAccess): AttemptCatalog {
  return {
    currentAttempts: async () => read(async (sql, runKey) => selectAttempts(sql, runKey, 'current')),
    unfinishedAttempts: async (mostUnsent) =>
      read(async (sql, runKey) => selectUnfinished(sql, runKey, clock.now(), mostUnsent)),
    unauditedAttempts: async () => read(async (sql, runKey) => selectUnaudited(sql, runKey)),
    currentAttempt: async (batchKey) => read(async (sql) => selectCurrentAttempt(sql, batchKey)),
    allAttempts: async () => read(async (sql, runKey) => selectAttempts(sql, runKey, 'all')),
    moveAttempt: async (key, from, to, changes = {}) =>
      write(async (sql) => {
        await updateStage(sql, key, from, to, changes)
        await wakeWhenFreed(sql, key, from, to, clock.now())
        return selectAttempt(sql, key)
      }),
    noteAttempt: async (key, changes, seenNextAt) =>
      write(async (sql) => {
        await updateAttempt(sql, key, changes, seenNextAt)
        return selectAttempt(sql, key)
      }),
    replaceAttempt: async ({ key, from, to, next, changes = {}, mayBeBilled = false }) =>
      write(async (sql) => {
        await updateStage(sql, key, from, to, {})
        await closeOpenIntents(sql, key, clock.now())
        await wakeWhenFreed(sql, key, from, to, clock.now())
        const old = await selectAttempt(sql, key)
        if (!mayBeBilled) await releaseReservation(sql, old.nonce)
        const made = await insertAttempt(sql, old.batchKey, old.number + 1, next)
        await updateAttempt(sql, made, changes)
        return selectAttempt(sql, made)
      }),
    adoptBatch: async ({ key, from, next, remoteId, changes }) =>
      write(async (sql) => {
        await updateStage(sql, key, from, 'abandoned', {})
        const old = await selectAttempt(sql, key)
        const made = await insertAttempt(sql, old.batchKey, old.number + 1, next)
        await updateStage(sql, made, 'planned', 'submitted', { ...changes, remoteId })
        await insertRemoteBatch(sql, made, { id: remoteId, seenAt: clock.now(), role: 'adopted' })
        return selectAttempt(sql, made)
      }),
    origin: async () => read(async (sql, runKey) => selectOrigin(sql, runKey)),
    releaseAttempt: async (key, from, { mayBeBilled = false, to = from === 'ended' ? 'rejected' : 'abandoned' } = {}) =>
      write(async (sql, runKey) => {
        const { batchKey, nonce } = await selectAttempt(sql, key)
        await updateStage(sql, key, from, to, {})
        await wakeWhenFreed(sql, key, from, to, clock.now())
        await closeOpenIntents(sql, key, clock.now())
        if (!mayBeBilled) await releaseReservation(sql, nonce)
        await releaseBatch(sql, runKey, batchKey)
      }),
    addRemoteBatch: async (attemptKey, remote) => write(async (sql) => insertRemoteBatch(sql, attemptKey, remote)),
    remoteBatches: async (attemptKey) => read(async (sql) => selectRemoteBatches(sql, attemptKey)),
    unknownRemotes: async (ids) => read(async (sql) => selectUnknownRemotes(sql, ids)),
  }
}
