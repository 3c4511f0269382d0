import type { CallAnswer, DirectCall } from './port/paid-call.ts'
import { insertKeyed, type Sql } from './sql.ts'

/** Statements on synchronous calls. Callers open the transaction. */

const SELECT_CALLS = 'select key, request as ordinal, answer, line from direct_calls'

/** Records that a request is about to be sent in a synchronous call. */
export async function insertCall(sql: Sql, attemptKey: number, ordinal: number, at: number): Promise<number> {
  return insertKeyed(sql, 'insert into direct_calls (attempt, request, at) values (?, ?, ?)', attemptKey, ordinal, at)
}

export async function answerCall(sql: Sql, key: number, answer: CallAnswer, line: string | null): Promise<void> {
  await sql.run('update direct_calls set answer = ?, line = ? where key = ? and answer is null', answer, line, key)
}

/** The calls of an attempt, oldest first. */
export async function selectCalls(sql: Sql, attemptKey: number): Promise<readonly DirectCall[]> {
  return sql.all<DirectCall>(`${SELECT_CALLS} where attempt = ? order by key`, attemptKey)
}

/** The answers are in the attempt's result file by now. */
export async function forgetLines(sql: Sql, attemptKey: number): Promise<void> {
  await sql.run('update direct_calls set line = null where attempt = ?', attemptKey)
}
