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

/** The verbs of `AttemptCatalog` in SQLite. */
export function attemptVerbs({ clock, driver, runKey, write }: RunAccess): AttemptCatalog {
  return {
    currentAttempts: async () => selectAttempts(driver, runKey, 'current'),
    unfinishedAttempts: async (mostUnsent) => selectUnfinished(driver, runKey, clock.now(), mostUnsent),
    unauditedAttempts: async () => selectUnaudited(driver, runKey),
    currentAttempt: async (batchKey) => selectCurrentAttempt(driver, batchKey),
    allAttempts: async () => selectAttempts(driver, runKey, 'all'),
    moveAttempt: async (key, from, to, changes = {}) =>
      write(() => {
        updateStage(driver, key, from, to, changes)
        wakeWhenFreed(driver, key, from, to, clock.now())
        return selectAttempt(driver, key)
      }),
    noteAttempt: async (key, changes) =>
      write(() => {
        updateAttempt(driver, key, changes)
        return selectAttempt(driver, key)
      }),
    replaceAttempt: async ({ key, from, to, next, changes = {}, mayBeBilled = false }) =>
      write(() => {
        updateStage(driver, key, from, to, {})
        closeOpenIntents(driver, key, clock.now())
        wakeWhenFreed(driver, key, from, to, clock.now())
        const old = selectAttempt(driver, key)
        if (!mayBeBilled) releaseReservation(driver, old.nonce)
        const made = insertAttempt(driver, old.batchKey, old.number + 1, next)
        updateAttempt(driver, made, changes)
        return selectAttempt(driver, made)
      }),
    adoptBatch: async ({ key, from, next, remoteId, changes }) =>
      write(() => {
        updateStage(driver, key, from, 'abandoned', {})
        const old = selectAttempt(driver, key)
        const made = insertAttempt(driver, old.batchKey, old.number + 1, next)
        updateStage(driver, made, 'planned', 'submitted', { ...changes, remoteId })
        insertRemoteBatch(driver, made, { id: remoteId, seenAt: clock.now(), role: 'adopted' })
        return selectAttempt(driver, made)
      }),
    origin: async () => selectOrigin(driver, runKey),
    releaseAttempt: async (key, from, { mayBeBilled = false, to = from === 'ended' ? 'rejected' : 'abandoned' } = {}) =>
      write(() => {
        const { batchKey, nonce } = selectAttempt(driver, key)
        updateStage(driver, key, from, to, {})
        wakeWhenFreed(driver, key, from, to, clock.now())
        closeOpenIntents(driver, key, clock.now())
        if (!mayBeBilled) releaseReservation(driver, nonce)
        releaseBatch(driver, runKey, batchKey)
      }),
    addRemoteBatch: async (attemptKey, remote) => write(() => insertRemoteBatch(driver, attemptKey, remote)),
    remoteBatches: async (attemptKey) => selectRemoteBatches(driver, attemptKey),
    unknownRemotes: async (ids) => selectUnknownRemotes(driver, ids),
  }
}
