import { LlmBatchError } from '../../model/error.ts'
import { isAtRest, isFinished } from '../../model/run.ts'
import { closeOpenIntents, selectAttempt, selectAttempts, updateStage } from '../attempts.ts'
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

/** The verbs of `BatchCatalog`. */
export function batchVerbs({ clock, id, read, write }: RunAccess): BatchCatalog {
  return {
    addBatch: async (batch) =>
      write(async (sql, runKey) => {
        await assertNothingNew(sql, runKey, batch)
        return insertBatch(sql, runKey, batch)
      }),
    addPortion: async (portion) =>
      write(async (sql, runKey) => {
        await insertPortion(sql, runKey, portion)
        if ((await selectRun(sql, id))?.state === 'open') await updateRunState(sql, runKey, 'paused', null, clock.now())
      }),
    settleCarried: async (attemptKey, settled) =>
      write(async (sql, runKey) => {
        const attempt = await selectAttempt(sql, attemptKey)
        if (attempt.kind !== 'carried') throw new LlmBatchError('conflict', `attempt ${attemptKey} is to be sent`)
        await settleBatch(sql, runKey, attempt, settled)
        await updateStage(sql, attemptKey, 'planned', 'collected', {})
      }),
    batches: async () => read(async (sql, runKey) => selectBatches(sql, runKey)),
    batch: async (key) => read(async (sql) => selectBatch(sql, key)),
    hasPending: async () => read(async (sql, runKey) => selectHasPending(sql, runKey)),
    hasReaskable: async () => read(async (sql, runKey) => selectHasReaskable(sql, runKey)),
    settleAttempt: async (key, to, changes, settled, bill = NO_BILL) =>
      write(async (sql, runKey) => {
        const attempt = await selectAttempt(sql, key)
        await settleBatch(sql, runKey, attempt, settled)
        await settleReservation(sql, attempt.nonce, bill, clock.now())
        await updateStage(sql, key, 'ended', to, changes)
        if (to === 'collected') await calibrate(sql, key, settled.usage, clock.now())
        return selectAttempt(sql, key)
      }),
    holdSettled: async (key, changes, settled) =>
      write(async (sql, runKey) => {
        await settleBatch(sql, runKey, await selectAttempt(sql, key), settled)
        await updateStage(sql, key, 'ended', 'held', changes)
        return selectAttempt(sql, key)
      }),
    giveUpAttempt: async (key, settled) =>
      write(async (sql, runKey) => {
        await settleBatch(sql, runKey, await selectAttempt(sql, key), settled)
        await updateStage(sql, key, 'held', 'collected', {})
        await closeOpenIntents(sql, key, clock.now())
        return selectAttempt(sql, key)
      }),
    reopenRequests: async ({ canaryAbove, ...wish }) =>
      write(async (sql, runKey) => {
        const { requests, rows } = await insertReopening(sql, runKey, wish)
        if (requests === 0) return rows
        const isLarge = canaryAbove !== null && rows > canaryAbove
        if (isLarge) await updateRunField(sql, runKey, 'is_canary_due', 1)
        const state = (await selectRun(sql, id))?.state
        if (state !== undefined && isFinished(state)) await clearStops(sql, runKey)
        if (state !== undefined && isAtRest(state)) await updateRunState(sql, runKey, 'running', null, clock.now())
        return rows
      }),
    setCanaryDue: async () => write(async (sql, runKey) => updateRunField(sql, runKey, 'is_canary_due', 1)),
    endReplanning: async () =>
      write(async (sql, runKey) => {
        await updateRunField(sql, runKey, 'is_canary_due', 0)
        await updateRunField(sql, runKey, 'reopenings', '[]')
      }),
    cancelUnsent: async () =>
      write(async (sql, runKey) => {
        const attempts = await selectAttempts(sql, runKey, 'current')
        const unsent = attempts.filter(({ stage }) => stage === 'planned' || stage === 'uploaded')
        for (const { key, nonce, stage } of unsent) {
          await updateStage(sql, key, stage, 'cancelled', {})
          await releaseReservation(sql, nonce)
        }
        await giveUpUnsent(sql, runKey)
        return unsent
      }),
    counts: async () => read(async (sql, runKey) => selectCounts(sql, runKey)),
  }
}
