import type { Clock } from '../lib/clock.ts'
import { LlmBatchError } from '../model/error.ts'
import {
  answerIntent,
  closeOpenIntents,
  insertAttempt,
  insertIntent,
  insertRemoteBatch,
  selectAttempt,
  selectAttempts,
  selectCurrentAttempt,
  selectIntent,
  selectIntents,
  selectOrigin,
  selectRemoteBatches,
  updateAttempt,
  updateStage,
} from './attempts.ts'
import type { Driver } from './driver.ts'
import {
  insertBatch,
  insertRows,
  releaseRequests,
  selectHasPending,
  selectPending,
  selectRequests,
} from './requests.ts'
import {
  cancelUnsentRequests,
  insertResults,
  reopen,
  selectCounts,
  selectFailureReasons,
  selectRowResults,
  selectUsage,
  settleRequests,
} from './results.ts'
import {
  assertWriter,
  clearCancelRequest,
  insertIncident,
  selectIncidents,
  selectRun,
  selectRunKey,
  updateRunField,
  updateRunState,
  updateSealed,
} from './runs.ts'
import type { RunStore } from './store.ts'

/**
 * The memory of one run in SQLite. Each writing verb is one transaction that first checks that this handle is still
 * the run's writer; a handle without a writer's number only reads.
 */
export function createRunStore(driver: Driver, clock: Clock, id: string, writer: number | undefined): RunStore {
  const runKey = selectRunKey(driver, id)

  const write = <Result>(work: () => Result): Result => {
    if (writer === undefined) throw new LlmBatchError('conflict', `run ${id} was opened for reading only`)
    return driver.transaction(() => {
      assertWriter(driver, runKey, id, writer)
      return work()
    })
  }

  const record: RunStore['record'] = async () => {
    const run = selectRun(driver, id)
    if (!run) throw new LlmBatchError('not_found', `run ${id} was removed`)
    return run
  }

  return {
    id,
    record,
    moveRun: async (to, reason = null) => write(() => updateRunState(driver, runKey, to, reason, clock.now())),
    reopenRun: async () =>
      write(() => {
        clearCancelRequest(driver, runKey)
        updateRunState(driver, runKey, 'running', null, clock.now())
      }),
    steerRun: async (output) => write(() => updateRunField(driver, runKey, 'output', JSON.stringify(output))),
    bindAccount: async (account) => write(() => updateRunField(driver, runKey, 'account', account)),

    addRows: async (rows) => write(() => insertRows(driver, runKey, rows)),
    addBatch: async (batch) => write(() => insertBatch(driver, runKey, batch)),
    sealRun: async (facts) =>
      write(() => {
        updateSealed(driver, runKey, facts)
        updateRunState(driver, runKey, 'ready', null, clock.now())
      }),

    currentAttempts: async () => selectAttempts(driver, runKey, 'current'),
    currentAttempt: async (batchKey) => selectCurrentAttempt(driver, batchKey),
    allAttempts: async () => selectAttempts(driver, runKey, 'all'),
    moveAttempt: async (key, from, to, changes = {}) =>
      write(() => {
        updateStage(driver, key, from, to, changes)
        return selectAttempt(driver, key)
      }),
    noteAttempt: async (key, changes) =>
      write(() => {
        updateAttempt(driver, key, changes)
        return selectAttempt(driver, key)
      }),
    openIntent: async (attemptKey, facts) =>
      write(() => {
        updateStage(driver, attemptKey, 'uploaded', 'creating', {})
        return selectIntent(driver, insertIntent(driver, attemptKey, facts))
      }),
    closeIntent: async (key, answer, to, changes = {}) =>
      write(() => {
        const { attemptKey } = selectIntent(driver, key)
        answerIntent(driver, key, answer, clock.now())
        const { stage } = selectAttempt(driver, attemptKey)
        if (stage === to) updateAttempt(driver, attemptKey, changes)
        else updateStage(driver, attemptKey, stage, to, changes)
        return selectAttempt(driver, attemptKey)
      }),
    intents: async (attemptKey) => selectIntents(driver, attemptKey),
    replaceAttempt: async ({ key, from, to, next, changes = {} }) =>
      write(() => {
        updateStage(driver, key, from, to, {})
        closeOpenIntents(driver, key, clock.now())
        const old = selectAttempt(driver, key)
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
    releaseAttempt: async (key, from) =>
      write(() => {
        updateStage(driver, key, from, 'abandoned', {})
        closeOpenIntents(driver, key, clock.now())
        releaseRequests(driver, selectAttempt(driver, key).batchKey)
      }),
    addRemoteBatch: async (attemptKey, remote) => write(() => insertRemoteBatch(driver, attemptKey, remote)),
    remoteBatches: async (attemptKey) => selectRemoteBatches(driver, attemptKey),

    requestsOf: async (batchKey, afterOrdinal, most) => selectRequests(driver, batchKey, afterOrdinal, most),
    hasPending: async () => selectHasPending(driver, runKey),
    pendingRequests: async (afterOrdinal, most) => selectPending(driver, runKey, afterOrdinal, most),
    addResults: async (attemptKey, results) => write(() => insertResults(driver, attemptKey, results)),
    settleAttempt: async (key, to, changes = {}) =>
      write(() => {
        const { batchKey } = selectAttempt(driver, key)
        settleRequests(driver, runKey, key, batchKey)
        updateStage(driver, key, 'ended', to, changes)
        return selectAttempt(driver, key)
      }),
    reopenRequests: async (statuses, billed) => write(() => reopen(driver, runKey, statuses, billed)),
    cancelUnsent: async () =>
      write(() => {
        for (const attempt of selectAttempts(driver, runKey, 'current')) {
          if (attempt.stage === 'planned' || attempt.stage === 'uploaded') {
            updateStage(driver, attempt.key, attempt.stage, 'cancelled', {})
          }
        }
        cancelUnsentRequests(driver, runKey)
      }),
    rowResults: async (afterRow, most) => selectRowResults(driver, runKey, afterRow, most),
    counts: async () => selectCounts(driver, runKey),
    usage: async () => selectUsage(driver, runKey),
    failureReasons: async (most) => selectFailureReasons(driver, runKey, most),

    addIncident: async (incident) => write(() => insertIncident(driver, runKey, incident)),
    incidents: async () => selectIncidents(driver, runKey),
  }
}
