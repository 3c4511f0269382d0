import { LlmBatchError } from '../../model/error.ts'
import { isAtRest, isFinished } from '../../model/run.ts'
import { selectAttempt, selectAttempts, updateStage } from '../attempts.ts'
import {
  assertNothingNew,
  giveUpUnsent,
  insertBatch,
  insertReopening,
  selectBatch,
  selectBatches,
  settleBatch,
} from '../batches.ts'
import { type BatchCatalog } from '../port/batch.ts'
import { type Bill } from '../port/money.ts'
import { insertPortion } from '../portions.ts'
import { clearStops, selectRun, updateRunField, updateRunState } from '../runs.ts'
import { releaseReservation, settleReservation } from '../spending.ts'
import { selectCounts, selectHasPending, selectHasReaskable } from '../tallies.ts'
import { calibrate } from '../token-rates.ts'
import { type RunAccess } from './run-access.ts'

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

/** The verbs of `BatchCatalog` in SQLite. */
export function batchVerbs({ clock, driver, id, runKey, write }: RunAccess): BatchCatalog {
  return {
    addBatch: async (batch) =>
      write(() => {
        assertNothingNew(driver, runKey, batch)
        return insertBatch(driver, runKey, batch)
      }),
    addPortion: async (portion) =>
      write(() => {
        insertPortion(driver, runKey, portion)
        if (selectRun(driver, id)?.state === 'open') updateRunState(driver, runKey, 'paused', null, clock.now())
      }),
    settleCarried: async (attemptKey, settled) =>
      write(() => {
        const attempt = selectAttempt(driver, attemptKey)
        if (attempt.kind !== 'carried') throw new LlmBatchError('conflict', `attempt ${attemptKey} is to be sent`)
        settleBatch(driver, runKey, attempt, settled)
        updateStage(driver, attemptKey, 'planned', 'collected', {})
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
        if (state !== undefined && isFinished(state)) clearStops(driver, runKey)
        if (state !== undefined && isAtRest(state)) updateRunState(driver, runKey, 'running', null, clock.now())
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
            releaseReservation(driver, attempt.nonce)
          }
        }
        giveUpUnsent(driver, runKey)
      }),
    counts: async () => selectCounts(driver, runKey),
  }
}
