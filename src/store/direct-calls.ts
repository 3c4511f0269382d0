import type { Driver } from './driver.ts'
import type { CallAnswer, DirectCall } from './port/paid-call.ts'

/** Statements on synchronous calls. Callers open the transaction. */

const SELECT_CALLS = 'select key, request as ordinal, answer, line from direct_calls'

/** Records that a request is about to be sent in a synchronous call. */
export function insertCall(driver: Driver, attemptKey: number, ordinal: number, at: number): number {
  driver.run('insert into direct_calls (attempt, request, at) values (?, ?, ?)', attemptKey, ordinal, at)
  return driver.get<{ key: number }>('select last_insert_rowid() as key')?.key ?? 0
}

export function answerCall(driver: Driver, key: number, answer: CallAnswer, line: string | null): void {
  driver.run('update direct_calls set answer = ?, line = ? where key = ? and answer is null', answer, line, key)
}

/** The calls of an attempt, oldest first. */
export function selectCalls(driver: Driver, attemptKey: number): readonly DirectCall[] {
  return driver.all<DirectCall>(`${SELECT_CALLS} where attempt = ? order by key`, attemptKey)
}

/** The answers are in the attempt's result file by now. */
export function forgetLines(driver: Driver, attemptKey: number): void {
  driver.run('update direct_calls set line = null where attempt = ?', attemptKey)
}
