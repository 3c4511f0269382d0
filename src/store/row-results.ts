import type { BatchKind } from '../model/batch.ts'
import type { Billed, OutcomeStatus } from '../model/outcome.ts'
import type { Driver } from './driver.ts'
import { idFrom, problemFrom } from './requests.ts'
import type { QuestionRecord, RowResultRecord } from './store.ts'

/** Statements that read what became of rows: the questions that each was asked, and their results. */

/**
 * A request and its result; the columns of `QUESTION_COLUMNS`, in its order. They begin every list that is read here, so
 * that no list is cut into parts: these are read for every row of a run.
 */
type QuestionColumns = readonly [
  ...ResultColumns,
  request: number | null,
  state: RowResultRecord['state'],
  tries: number | null,
  batchKey: number | null,
]

/** The columns of `RESULT_COLUMNS`, in its order. */
export type ResultColumns = readonly [
  attemptKey: number | null,
  status: OutcomeStatus | null,
  code: string | null,
  reason: string | null,
  billed: Billed | null,
  promptTokens: number | null,
  completionTokens: number | null,
  cachedTokens: number | null,
  reasoningTokens: number | null,
  model: string | null,
  file: 'output' | 'error' | null,
  offset: number | null,
  length: number | null,
  verdict: 'final' | 'again' | null,
]

/** Columns of result `r`. */
export const RESULT_COLUMNS = `r.attempt, r.status, r.code, r.reason, r.billed, r.prompt_tokens, r.completion_tokens,
  r.cached_tokens, r.reasoning_tokens, r.model, r.file, r.file_offset, r.length, r.verdict`

const QUESTION_COLUMNS = `${RESULT_COLUMNS}, q.ordinal, q.state, q.tries, q.batch`

/** Places in a question. */
const ATTEMPT_KEY = 0
const REQUEST = 14
const BATCH_KEY = 17

/** Content of the list of the statement below for a row: its first question, then itself. */
type RowResultList = readonly [
  ...QuestionColumns,
  row: number,
  line: number,
  id: string | null,
  problem: string | null,
  shares: 0 | 1 | null,
  latest: number | null,
]

const ROW = 18
const LINE = 19
const ID = 20
const PROBLEM = 21
const SHARES = 22
const LATEST = 23

const JOIN_RESULTS = 'left join results r on r.attempt = q.attempt and r.request = q.ordinal'

const SELECT_ROW_RESULTS = `
  select json_array(${QUESTION_COLUMNS}, w.ordinal, w.line, w.id, w.problem, l.shares, q.latest) as list
  from rows w
  left join row_requests l on l.run = w.run and l.row = w.ordinal
  left join requests q on q.run = w.run and q.ordinal = l.request
  ${JOIN_RESULTS}
  where w.run = ? and w.ordinal > ?
  order by w.ordinal, l.part limit ?`

/** The first requests of rows that were asked again, and those that took their place, in the order they were asked. */
const SELECT_QUESTIONS = `
  select json_array(${QUESTION_COLUMNS}, q.root) as list
  from (
    select *, 0 as nth from requests where run = ? and ordinal in (select value from json_each(?))
    union all
    select *, 1 from requests indexed by requests_by_root where run = ? and root in (select value from json_each(?))
  ) q ${JOIN_RESULTS}
  order by q.nth, q.ordinal limit -1`

type QuestionList = readonly [...QuestionColumns, root: number | null]

const ROOT = 18

export function selectRowResults(driver: Driver, runKey: number, afterRow: number, most: number): RowResultRecord[] {
  const rows = driver.lists<RowResultList>(SELECT_ROW_RESULTS, runKey, afterRow, most)
  const roots = rows.flatMap((list) => (list[LATEST] === null ? [] : [list[REQUEST]]))
  // Most runs ask every row once, and then this is all.
  if (roots.length === 0) {
    const sent = selectSent(driver, rows)
    return rows.map((list) => rowRecord(list, questionFrom(list, sent), null))
  }
  const asked = selectQuestions(driver, runKey, roots)
  const sent = selectSent(driver, [...rows, ...asked])
  const questions = questionsByRoot(asked, sent)
  return rows.map((list) => {
    const latest = list[LATEST]
    const first = questionFrom(list, sent)
    const all = latest === null ? undefined : questions.get(first.request ?? -1)
    if (latest === null || all === undefined) return rowRecord(list, first, null)
    const shown = shownOf(all, all.find(({ request }) => request === latest) ?? first)
    return rowRecord(list, shown, shown.questions)
  })
}

/** Written out member by member: spreading two objects into a third costs ten times as much, for every row of a run. */
function rowRecord(
  list: RowResultList,
  { kind, request, result, state, target, tries }: QuestionRecord,
  questions: RowResultRecord['questions'],
): RowResultRecord {
  return {
    row: list[ROW],
    line: list[LINE],
    id: idFrom(list[ID]),
    problem: problemFrom(list[PROBLEM]),
    isShared: list[SHARES] === 1,
    request,
    state,
    tries,
    target,
    kind,
    result,
    questions,
  }
}

/** All questions of rows that were asked again, by the request that was asked first. */
export function selectQuestionsOf(
  driver: Driver,
  runKey: number,
  roots: readonly number[],
): ReadonlyMap<number, readonly QuestionRecord[]> {
  const asked = selectQuestions(driver, runKey, roots)
  return questionsByRoot(asked, selectSent(driver, asked))
}

function selectQuestions(driver: Driver, runKey: number, roots: readonly (number | null)[]): readonly QuestionList[] {
  const json = JSON.stringify(roots)
  return driver.lists<QuestionList>(SELECT_QUESTIONS, runKey, json, runKey, json)
}

function questionsByRoot(lists: readonly QuestionList[], sent: Sent): ReadonlyMap<number, readonly QuestionRecord[]> {
  const found = new Map<number, QuestionRecord[]>()
  for (const list of lists) {
    const root = list[ROOT]
    const question = questionFrom(list, sent)
    if (root === null) found.set(question.request ?? 0, [question])
    else found.get(root)?.push(question)
  }
  return found
}

/** What a row that was asked again shows: its newest question, or the last one that was answered. */
function shownOf(
  asked: readonly QuestionRecord[],
  newest: QuestionRecord,
): QuestionRecord & Pick<RowResultRecord, 'questions'> {
  const isOpen = newest.state === 'pending' || newest.state === 'batched'
  const shown = isOpen || hasAnswer(newest) ? newest : (asked.findLast(hasAnswer) ?? newest)
  const questions = [...asked.filter((question) => question !== newest), newest]
  return { ...shown, state: newest.state, questions }
}

/** True for a question that came to what its state says, false for one whose row keeps the answer it had before. */
function hasAnswer({ result, state }: QuestionRecord): boolean {
  return result !== null && result.status === state
}

/** With what the requests of a page were sent, by the keys of batches and attempts. */
interface Sent {
  readonly batches: ReadonlyMap<number | null, Pick<RowResultRecord, 'kind' | 'target'>>
  readonly nonces: ReadonlyMap<number | null, string>
}

/** Asked once a page: thousands of its rows share a batch and an attempt. */
function selectSent(driver: Driver, questions: readonly (RowResultList | QuestionList)[]): Sent {
  const keysAt = (place: typeof ATTEMPT_KEY | typeof BATCH_KEY): string =>
    JSON.stringify([...new Set(questions.map((question) => question[place]))])
  const batches = driver.all<{ key: number; kind: BatchKind; provider: string; endpoint: string; model: string }>(
    'select key, kind, provider, endpoint, model from batches where key in (select value from json_each(?))',
    keysAt(BATCH_KEY),
  )
  const attempts = driver.all<{ key: number; nonce: string }>(
    'select key, nonce from attempts where key in (select value from json_each(?))',
    keysAt(ATTEMPT_KEY),
  )
  return {
    batches: new Map(batches.map(({ key, kind, ...target }) => [key, { kind, target }])),
    nonces: new Map(attempts.map(({ key, nonce }) => [key, nonce])),
  }
}

const NOWHERE: Pick<RowResultRecord, 'kind' | 'target'> = { kind: null, target: null }

function questionFrom(list: RowResultList | QuestionList, { batches, nonces }: Sent): QuestionRecord {
  const request = list[REQUEST]
  const { kind, target } = batches.get(list[BATCH_KEY]) ?? NOWHERE
  return {
    request,
    state: list[15],
    tries: list[16] ?? 0,
    target,
    kind,
    result: resultFrom(request ?? 0, list, nonces.get(list[ATTEMPT_KEY])),
  }
}

/** The result whose columns begin the list, with the nonce of its attempt; null where there is none. */
export function resultFrom(
  ordinal: number,
  columns: readonly [...ResultColumns, ...unknown[]],
  nonce: string | undefined,
): RowResultRecord['result'] {
  const attemptKey = columns[ATTEMPT_KEY]
  const status = columns[1]
  const billed = columns[4]
  if (attemptKey === null || nonce === undefined || status === null || billed === null) return null
  return {
    ordinal,
    status,
    code: columns[2],
    reason: columns[3],
    billed,
    promptTokens: columns[5],
    completionTokens: columns[6],
    cachedTokens: columns[7],
    reasoningTokens: columns[8],
    model: columns[9],
    file: columns[10],
    offset: columns[11],
    length: columns[12],
    verdict: columns[13] ?? 'final',
    countsAsTry: true,
    attemptKey,
    nonce,
  }
}
