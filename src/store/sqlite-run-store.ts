import type { Clock } from '../lib/clock.ts'
import { LlmBatchError } from '../model/error.ts'
import { isFinished } from '../model/run.ts'
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
  selectUnknownRemotes,
  updateAttempt,
  updateStage,
} from './attempts.ts'
import {
  giveUpUnsent,
  insertBatch,
  insertReopening,
  releaseBatch,
  replaceTallies,
  selectBatch,
  selectBatches,
  selectCounts,
  selectHasPending,
  selectHasReaskable,
  settleBatch,
} from './batches.ts'
import { answerCall, forgetLines, insertCall, selectCalls } from './direct-calls.ts'
import type { Driver } from './driver.ts'
import { queueOfTarget } from './in-flight.ts'
import {
  selectIsRoomWanted,
  selectQueueState,
  selectUnwatched,
  updateUnwatched,
  wakeWaiting,
  wakeWhenFreed,
} from './queue.ts'
import { bringBackInstants, clearDoubt, selectBelief, upsertRefusal } from './queue-belief.ts'
import {
  assertWriter,
  clearStops,
  insertIncident,
  markCancelRequested,
  selectIncidents,
  selectRun,
  selectRunKey,
  updateBaseUrl,
  updateDeadline,
  updateRunField,
  updateRunState,
  updateSealed,
} from './runs.ts'
import { releaseReservation, reserveSpending, selectShownByRun, selectStanding, settleReservation } from './spending.ts'
import type { Bill, RunStore } from './store.ts'
import { calibrate, selectTokenRate } from './token-rates.ts'

/** Of a batch that was refused as a whole. */
const NO_BILL: Bill = {
  micros: 0,
  answers: 0,
  promptTokens: 0,
  completionTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  withoutUsage: 0,
}

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
    steerRun: async (output) => write(() => updateRunField(driver, runKey, 'output', JSON.stringify(output))),
    capRun: async (maxCostMicros) => write(() => updateRunField(driver, runKey, 'max_cost', maxCostMicros)),
    setDeadline: async (deadline) => write(() => updateDeadline(driver, runKey, deadline)),
    cancelForDeadline: async () => write(() => markCancelRequested(driver, id, 'deadline', clock.now())),
    setStopLoss: async (stopLoss) =>
      write(() => updateRunField(driver, runKey, 'stop_loss', stopLoss === null ? null : JSON.stringify(stopLoss))),
    bindAccount: async (account) => write(() => updateRunField(driver, runKey, 'account', account)),
    moveBaseUrl: async (baseUrl) =>
      write(() => {
        if (selectOrigin(driver, runKey).hasSent) {
          throw new LlmBatchError('conflict', `a part of run ${id} was sent, so its base URL cannot change`)
        }
        updateBaseUrl(driver, runKey, baseUrl)
      }),

    addBatch: async (batch) => write(() => insertBatch(driver, runKey, batch)),
    settleCarried: async (attemptKey, settled) =>
      write(() => {
        const attempt = selectAttempt(driver, attemptKey)
        if (attempt.kind !== 'carried') throw new LlmBatchError('conflict', `attempt ${attemptKey} is to be sent`)
        settleBatch(driver, runKey, attempt, settled)
        updateStage(driver, attemptKey, 'planned', 'collected', {})
      }),
    sealRun: async (facts) =>
      write(() => {
        replaceTallies(driver, runKey, facts.tallies)
        updateSealed(driver, runKey, facts)
        updateRunState(driver, runKey, 'ready', null, clock.now())
      }),

    currentAttempts: async () => selectAttempts(driver, runKey, 'current'),
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
    openIntent: async (attemptKey, facts, admit, spending) =>
      write(() => {
        const admission = admit(selectQueueState(driver, attemptKey, clock.now()))
        if (!admission.isAdmitted) return { isOpen: false, refusal: admission.wait }
        const refusal = spending ? reserveSpending(driver, id, spending) : null
        if (refusal !== null) return { isOpen: false, refusal }
        updateStage(driver, attemptKey, 'uploaded', 'creating', { waitingSince: null })
        // There may be room for the next one too, which has been told that this one goes before it.
        wakeWaiting(driver, attemptKey, clock.now())
        return { isOpen: true, intent: selectIntent(driver, insertIntent(driver, attemptKey, facts)) }
      }),
    repeatIntent: async (attemptKey, facts) =>
      write(() => {
        updateStage(driver, attemptKey, 'unconfirmed', 'creating', {})
        return selectIntent(driver, insertIntent(driver, attemptKey, facts))
      }),
    closeIntent: async (key, answer, to, changes = {}) =>
      write(() => {
        const { attemptKey } = selectIntent(driver, key)
        answerIntent(driver, key, answer, clock.now())
        const { nonce, stage } = selectAttempt(driver, attemptKey)
        if (answer === 'not_created' || answer === 'proved_absent') releaseReservation(driver, nonce)
        if (stage === to) updateAttempt(driver, attemptKey, changes)
        else updateStage(driver, attemptKey, stage, to, changes)
        wakeWhenFreed(driver, attemptKey, stage, to, clock.now())
        return selectAttempt(driver, attemptKey)
      }),
    intents: async (attemptKey) => selectIntents(driver, attemptKey),
    unknownRemotes: async (ids) => selectUnknownRemotes(driver, ids),
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

    recordRefusal: async (attemptKey, refusal) => write(() => upsertRefusal(driver, attemptKey, refusal)),
    queueBelief: async (target) => selectBelief(driver, queueOfTarget(driver, runKey, target)),
    trustQueue: async (target) => write(() => clearDoubt(driver, queueOfTarget(driver, runKey, target))),
    bringBackQueues: async (now) => write(() => bringBackInstants(driver, runKey, now)),
    unwatchedInFlight: async (target) =>
      selectUnwatched(driver, runKey, queueOfTarget(driver, runKey, target), clock.now()),
    noteUnwatched: async (attemptKey, at, hasEnded) => write(() => updateUnwatched(driver, attemptKey, at, hasEnded)),
    isRoomWanted: async () => selectIsRoomWanted(driver, runKey),
    tokenRate: async (target, method) => selectTokenRate(driver, queueOfTarget(driver, runKey, target), method),

    openCall: async (attemptKey, ordinal) => write(() => insertCall(driver, attemptKey, ordinal, clock.now())),
    closeCall: async (key, answer, line) => write(() => answerCall(driver, key, answer, line)),
    calls: async (attemptKey) => selectCalls(driver, attemptKey),
    endCalls: async (attemptKey) =>
      write(() => {
        updateStage(driver, attemptKey, 'calling', 'ended', { nextAt: clock.now(), endedAt: clock.now() })
        forgetLines(driver, attemptKey)
        return selectAttempt(driver, attemptKey)
      }),

    batches: async () => selectBatches(driver, runKey),
    batch: async (key) => selectBatch(driver, key),
    hasPending: async () => selectHasPending(driver, runKey),
    hasReaskable: async () => selectHasReaskable(driver, runKey),
    settleAttempt: async (key, to, changes, settled, bill = NO_BILL) =>
      write(() => {
        const attempt = selectAttempt(driver, key)
        settleBatch(driver, runKey, attempt, settled)
        settleReservation(driver, attempt.nonce, bill, clock.now())
        updateStage(driver, key, 'ended', to, changes)
        if (to === 'collected') calibrate(driver, key, settled.usage, clock.now())
        return selectAttempt(driver, key)
      }),
    holdSettled: async (key, changes, settled) =>
      write(() => {
        settleBatch(driver, runKey, selectAttempt(driver, key), settled)
        updateStage(driver, key, 'ended', 'held', changes)
        return selectAttempt(driver, key)
      }),
    reopenRequests: async ({ canaryAbove, ...wish }) =>
      write(() => {
        const { requests, rows } = insertReopening(driver, runKey, wish)
        if (requests === 0) return rows
        const isLarge = canaryAbove !== null && rows > canaryAbove
        if (isLarge) updateRunField(driver, runKey, 'is_canary_due', 1)
        const state = selectRun(driver, id)?.state
        if (state !== undefined && isFinished(state)) {
          clearStops(driver, runKey)
          updateRunState(driver, runKey, 'running', null, clock.now())
        }
        return rows
      }),
    setCanaryDue: async () => write(() => updateRunField(driver, runKey, 'is_canary_due', 1)),
    endReplanning: async () =>
      write(() => {
        updateRunField(driver, runKey, 'is_canary_due', 0)
        updateRunField(driver, runKey, 'reopenings', '[]')
      }),
    cancelUnsent: async () =>
      write(() => {
        for (const attempt of selectAttempts(driver, runKey, 'current')) {
          if (attempt.stage === 'planned' || attempt.stage === 'uploaded') {
            updateStage(driver, attempt.key, attempt.stage, 'cancelled', {})
          }
        }
        giveUpUnsent(driver, runKey)
      }),
    counts: async () => selectCounts(driver, runKey),

    spending: async (since) => selectStanding(driver, id, since),
    shownAnswers: async (target) => selectShownByRun(driver, id, target),
    reserve: async (terms) => write(() => reserveSpending(driver, id, terms)),
    settleReservation: async (entryId, bill) =>
      write(() => {
        if (bill === null) releaseReservation(driver, entryId)
        else settleReservation(driver, entryId, bill, clock.now())
      }),

    addIncident: async (incident) => write(() => insertIncident(driver, runKey, incident)),
    incidents: async () => selectIncidents(driver, runKey),
  }
}
