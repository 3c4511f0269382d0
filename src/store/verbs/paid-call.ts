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

/** The verbs of `PaidCallCatalog` in SQLite. */
export function paidCallVerbs({ clock, driver, id, runKey, write }: RunAccess): PaidCallCatalog {
  return {
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
    openCall: async (attemptKey, ordinal) => write(() => insertCall(driver, attemptKey, ordinal, clock.now())),
    closeCall: async (key, answer, line) => write(() => answerCall(driver, key, answer, line)),
    calls: async (attemptKey) => selectCalls(driver, attemptKey),
    endCalls: async (attemptKey) =>
      write(() => {
        updateStage(driver, attemptKey, 'calling', 'ended', { nextAt: clock.now(), endedAt: clock.now() })
        forgetLines(driver, attemptKey)
        return selectAttempt(driver, attemptKey)
      }),
    beginTail: async () => write(() => openTail(driver, { id, runKey }, clock.now())),
  }
}
