import {
  answerIntent,
  insertIntent,
  selectAttempt,
  selectIntent,
  selectIntents,
  updateAttempt,
  updateStage,
} from '../attempts.ts'
import { answerCall, forgetLines, insertCall, selectCalls } from '../direct-calls.ts'
import { type PaidCallCatalog } from '../port/paid-call.ts'
import { selectQueueState, wakeWaiting, wakeWhenFreed } from '../queue.ts'
import { releaseReservation, reserveSpending } from '../spending.ts'
import { openTail } from '../tail.ts'
import { type RunAccess } from './run-access.ts'

/** The verbs of `PaidCallCatalog`. */
export function paidCallVerbs({ clock, id, read, write }: RunAccess): PaidCallCatalog {
  return {
    openIntent: async (attemptKey, facts, admit, spending) =>
      write(async (sql) => {
        const admission = admit(await selectQueueState(sql, attemptKey, clock.now()))
        if (!admission.isAdmitted) return { isOpen: false, refusal: admission.wait }
        const refusal = spending ? await reserveSpending(sql, id, spending) : null
        if (refusal !== null) return { isOpen: false, refusal }
        await updateStage(sql, attemptKey, 'uploaded', 'creating', { waitingSince: null })
        // There may be room for the next one too, which has been told that this one goes before it.
        await wakeWaiting(sql, attemptKey, clock.now())
        return { isOpen: true, intent: await selectIntent(sql, await insertIntent(sql, attemptKey, facts)) }
      }),
    repeatIntent: async (attemptKey, facts) =>
      write(async (sql) => {
        await updateStage(sql, attemptKey, 'unconfirmed', 'creating', {})
        return selectIntent(sql, await insertIntent(sql, attemptKey, facts))
      }),
    closeIntent: async (key, answer, to, changes = {}) =>
      write(async (sql) => {
        const { attemptKey } = await selectIntent(sql, key)
        await answerIntent(sql, key, answer, clock.now())
        const { nonce, stage } = await selectAttempt(sql, attemptKey)
        if (answer === 'not_created' || answer === 'proved_absent') await releaseReservation(sql, nonce)
        if (stage === to) await updateAttempt(sql, attemptKey, changes)
        else await updateStage(sql, attemptKey, stage, to, changes)
        await wakeWhenFreed(sql, attemptKey, stage, to, clock.now())
        return selectAttempt(sql, attemptKey)
      }),
    intents: async (attemptKey) => read(async (sql) => selectIntents(sql, attemptKey)),
    openCall: async (attemptKey, ordinal) => write(async (sql) => insertCall(sql, attemptKey, ordinal, clock.now())),
    closeCall: async (key, answer, line) => write(async (sql) => answerCall(sql, key, answer, line)),
    calls: async (attemptKey) => read(async (sql) => selectCalls(sql, attemptKey)),
    endCalls: async (attemptKey, stem) =>
      write(async (sql) => {
        await updateStage(sql, attemptKey, 'calling', 'ended', {
          outputFileId: stem,
          nextAt: clock.now(),
          endedAt: clock.now(),
        })
        await forgetLines(sql, attemptKey)
        return selectAttempt(sql, attemptKey)
      }),
    beginTail: async () => write(async (sql, runKey) => openTail(sql, { id, runKey }, clock.now())),
  }
}
