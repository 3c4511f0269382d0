import type { BatchKind } from '../model/batch.ts'
import type { Billed, OutcomeStatus } from '../model/outcome.ts'
import type { Driver, SqlValue } from './driver.ts'
import { reopenRoots } from './reasks.ts'
import { idFrom, problemFrom } from './requests.ts'
import type {
  AttemptRecord,
  AttemptUsage,
  FailureReason,
  NewResult,
  QuestionRecord,
  Reopening,
  RowResultRecord,
  UsageTotal,
} from './store.ts'

/** Statements on results and what they make of the requests. Callers open the transaction. */

/** What the results of a batch mostly have in common; given once for all of them. */
const SHARED_COLUMNS = ['status', 'code', 'reason', 'billed', 'model', 'file', 'verdict', 'counts_as_try'] as const

/** What every result has of its own. */
const OWN_COLUMNS = [
  'request',
  'prompt_tokens',
  'completion_tokens',
  'cached_tokens',
  'reasoning_tokens',
  'file_offset',
  'length',
] as const

const UPDATE_RESULT = `
  on conflict (attempt, request) do update set
    ${[...SHARED_COLUMNS, ...OWN_COLUMNS.slice(1)].map((column) => `${column} = excluded.${column}`).join(', ')}`

/** Taking a value out of JSON costs more than storing it, so the shared ones are not in it. */
const INSERT_ALIKE = `
  insert into results (attempt, ${[...SHARED_COLUMNS, ...OWN_COLUMNS].join(', ')})
  select ?, ${SHARED_COLUMNS.map(() => '?').join(', ')}, ${listed(OWN_COLUMNS)} from json_each(?) where true
  ${UPDATE_RESULT}`

const INSERT_MIXED = `
  insert into results (attempt, ${[...SHARED_COLUMNS, ...OWN_COLUMNS].join(', ')})
  select ?, ${listed([...SHARED_COLUMNS, ...OWN_COLUMNS])} from json_each(?) where true
  ${UPDATE_RESULT}`

function listed(columns: readonly string[]): string {
  return columns.map((_, place) => `value ->> ${place}`).join(', ')
}

/** Fewer results that are alike go together with all others. */
const FEWEST_ALIKE = 100

export function insertResults(driver: Driver, attemptKey: number, results: readonly NewResult[]): void {
  const mixed: NewResult[] = []
  // Neighbours lie on one page of the database; providers return lines in any order.
  const inOrder = results.toSorted((one, other) => one.ordinal - other.ordinal)
  for (const group of alike(inOrder)) {
    const [first] = group
    if (first === undefined || group.length < FEWEST_ALIKE) mixed.push(...group)
    else driver.run(INSERT_ALIKE, attemptKey, ...sharedValues(first), JSON.stringify(group.map(ownValues)))
  }
  if (mixed.length === 0) return
  const rows = mixed.map((result) => [...sharedValues(result), ...ownValues(result)])
  driver.run(INSERT_MIXED, attemptKey, JSON.stringify(rows))
}

/** The results in groups whose shared columns are the same. */
function alike(results: readonly NewResult[]): Iterable<readonly NewResult[]> {
  const groups = new Map<string, NewResult[]>()
  let last: { readonly first: NewResult; readonly group: NewResult[] } | undefined
  for (const result of results) {
    if (!last || !isAlike(last.first, result)) {
      const key = JSON.stringify(sharedValues(result))
      const group = groups.get(key) ?? []
      groups.set(key, group)
      last = { first: result, group }
    }
    last.group.push(result)
  }
  return groups.values()
}

function isAlike(one: NewResult, other: NewResult): boolean {
  return (
    one.status === other.status &&
    one.code === other.code &&
    one.reason === other.reason &&
    one.billed === other.billed &&
    one.model === other.model &&
    one.file === other.file &&
    one.verdict === other.verdict &&
    one.countsAsTry === other.countsAsTry
  )
}

function sharedValues(result: NewResult): SqlValue[] {
  const { billed, code, countsAsTry, file, model, reason, status, verdict } = result
  return [status, code, reason, billed, model, file, verdict, countsAsTry ? 1 : 0]
}

function ownValues(result: NewResult): SqlValue[] {
  const { cachedTokens, completionTokens, length, offset, ordinal, promptTokens, reasoningTokens } = result
  return [ordinal, promptTokens, completionTokens, cachedTokens, reasoningTokens, offset, length]
}

/** A row keeps the invalid answer that it has where asking again brings none: its state says what the row has. */
const IS_UNANSWERED_REASK = `requests.turn > 0 and r.status not in ('succeeded', 'invalid')`

/** Gives every request that waits for this attempt, or only those that are done, the state its result says. */
export function settleRequests(
  driver: Driver,
  runKey: number,
  { batchKey, key: attemptKey }: Pick<AttemptRecord, 'batchKey' | 'key'>,
  which: 'all' | 'final',
): void {
  driver.run(
    `update requests set
       state = case when r.verdict = 'again' then 'pending' when ${IS_UNANSWERED_REASK} then 'invalid' else r.status end,
       attempt = case r.verdict when 'again' then null else r.attempt end,
       tries = tries + r.counts_as_try
     from results r
     where r.attempt = ? and requests.run = ? and requests.ordinal = r.request
       and requests.batch = ? and requests.state = 'batched' and (r.verdict = 'final' or ?)`,
    attemptKey,
    runKey,
    batchKey,
    which === 'all' ? 1 : 0,
  )
}

const REOPENED = `run = ? and root is null and rows > 0 and state in (select value from json_each(?))
  and coalesce((select r.billed from results r where r.attempt = requests.attempt and r.request = requests.ordinal),
               'no') in (select value from json_each(?))`

/** Gives requests back to `pending`, with another limit of tokens where one is given; returns how many rows they answer. */
export function reopen(driver: Driver, runKey: number, reopening: Reopening): number {
  const { billed, maxTokens, statuses } = reopening
  const roots = reopenRoots(driver, runKey, reopening)
  const which = [runKey, JSON.stringify(statuses), JSON.stringify(billed)] as const
  const others = driver.get<{ rows: number | null }>(
    `select sum(rows) as rows from requests where ${REOPENED}`,
    ...which,
  )
  driver.run(
    `update requests set state = 'pending', attempt = null, tries = 0, max_tokens = coalesce(?, max_tokens)
     where ${REOPENED}`,
    maxTokens,
    ...which,
  )
  return roots + (others?.rows ?? 0)
}

/** Requests whose batch was cancelled before it was sent, or that wait to be planned, get the outcome `cancelled`; those that ask again leave their rows with the answer they have. */
export function cancelUnsentRequests(driver: Driver, runKey: number): void {
  driver.run(
    `update requests set state = case when turn > 0 then 'invalid' else 'cancelled' end
     where run = ? and (state = 'pending' or (state = 'batched' and batch in (
       select a.batch from attempts a where a.stage = 'cancelled'
         and a.number = (select max(n.number) from attempts n where n.batch = a.batch))))`,
    runKey,
  )
}

/** What the statement below lists of a row, in its order: the row, then its first question. */
type RowResultList = readonly [...RowColumns, ...QuestionColumns]

type RowColumns = [
  row: number,
  line: number,
  id: string | null,
  problem: string | null,
  shares: 0 | 1 | null,
  latest: number | null,
]

/** A request and its result. */
type QuestionColumns = readonly [...RequestColumns, ...ResultColumns]

type RequestColumns = [
  request: number | null,
  state: RowResultRecord['state'],
  tries: number | null,
  batchKey: number | null,
]

/** The columns of `RESULT_COLUMNS`, in its order. */
export type ResultColumns = [
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

const QUESTION_COLUMNS = `q.ordinal, q.state, q.tries, q.batch, ${RESULT_COLUMNS}`

const JOIN_RESULTS = 'left join results r on r.attempt = q.attempt and r.request = q.ordinal'

const SELECT_ROW_RESULTS = `
  select json_array(w.ordinal, w.line, w.id, w.problem, l.shares, q.latest, ${QUESTION_COLUMNS}) as list
  from rows w
  left join row_requests l on l.run = w.run and l.row = w.ordinal
  left join requests q on q.run = w.run and q.ordinal = l.request
  ${JOIN_RESULTS}
  where w.run = ? and w.ordinal > ?
  order by w.ordinal, l.part limit ?`

/** The first requests of rows that were asked again, and those that took their place, in the order they were asked. */
const SELECT_QUESTIONS = `
  select json_array(q.root, ${QUESTION_COLUMNS}) as list
  from (
    select *, 0 as nth from requests where run = ? and ordinal in (select value from json_each(?))
    union all
    select *, 1 from requests where run = ? and root in (select value from json_each(?))
  ) q ${JOIN_RESULTS}
  order by q.nth, q.ordinal limit -1`

type QuestionList = readonly [root: number | null, ...QuestionColumns]

export function selectRowResults(driver: Driver, runKey: number, afterRow: number, most: number): RowResultRecord[] {
  const rows = driver.lists<RowResultList>(SELECT_ROW_RESULTS, runKey, afterRow, most)
  const firsts = rows.map(([, , , , , , ...question]): QuestionColumns => question)
  const roots = rows.filter(([, , , , , latest]) => latest !== null).map(([, , , , , , request]) => request)
  // Most runs ask every row once, and then this is all.
  const asked = roots.length === 0 ? [] : selectQuestions(driver, runKey, roots)
  const sent = selectSent(driver, [...firsts, ...asked.map(([, ...question]): QuestionColumns => question)])
  const questions = roots.length === 0 ? null : questionsByRoot(asked, sent)
  return rows.map(([row, line, id, problem, shares, latest, ...columns]) => {
    const own = { row, line, id: idFrom(id), problem: problemFrom(problem), isShared: shares === 1 }
    const first = questionFrom(columns, sent)
    const all = latest === null ? undefined : questions?.get(first.request ?? -1)
    if (latest === null || all === undefined) return { ...own, ...first, questions: null }
    return { ...own, ...shownOf(all, all.find(({ request }) => request === latest) ?? first) }
  })
}

/** All questions of rows that were asked again, by the request that was asked first. */
export function selectQuestionsOf(
  driver: Driver,
  runKey: number,
  roots: readonly number[],
): ReadonlyMap<number, readonly QuestionRecord[]> {
  const asked = selectQuestions(driver, runKey, roots)
  return questionsByRoot(
    asked,
    selectSent(
      driver,
      asked.map(([, ...question]): QuestionColumns => question),
    ),
  )
}

function selectQuestions(driver: Driver, runKey: number, roots: readonly (number | null)[]): readonly QuestionList[] {
  const json = JSON.stringify(roots)
  return driver.lists<QuestionList>(SELECT_QUESTIONS, runKey, json, runKey, json)
}

function questionsByRoot(lists: readonly QuestionList[], sent: Sent): ReadonlyMap<number, readonly QuestionRecord[]> {
  const found = new Map<number, QuestionRecord[]>()
  for (const [root, ...columns] of lists) {
    const question = questionFrom(columns, sent)
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

/** Places in a question. */
const BATCH_KEY = 3
const ATTEMPT_KEY = 4

/** Asked once a page: thousands of its rows share a batch and an attempt. */
function selectSent(driver: Driver, questions: readonly QuestionColumns[]): Sent {
  const keysAt = (place: number): string => JSON.stringify([...new Set(questions.map((question) => question[place]))])
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

function questionFrom(columns: QuestionColumns, { batches, nonces }: Sent): QuestionRecord {
  const [request, state, tries, batchKey, ...result] = columns
  const batch = batches.get(batchKey)
  return {
    request,
    state,
    tries: tries ?? 0,
    target: batch?.target ?? null,
    kind: batch?.kind ?? null,
    result: resultFrom(request ?? 0, result, nonces),
  }
}

/** The result whose columns these are, with the nonces of attempts by their keys; null where there is none. */
export function resultFrom(ordinal: number, columns: ResultColumns, nonces: Sent['nonces']): RowResultRecord['result'] {
  const [attemptKey, status, code, reason, billed, promptTokens, completionTokens, ...rest] = columns
  const [cachedTokens, reasoningTokens, model, file, offset, length, verdict] = rest
  const nonce = nonces.get(attemptKey)
  if (attemptKey === null || nonce === undefined || status === null || billed === null) return null
  return {
    ordinal,
    status,
    code,
    reason,
    billed,
    promptTokens,
    completionTokens,
    cachedTokens,
    reasoningTokens,
    model,
    file,
    offset,
    length,
    verdict: verdict ?? 'final',
    countsAsTry: true,
    attemptKey,
    nonce,
  }
}

/** True of results of batch `b` that this run has paid for. */
const PAID_HERE = `b.kind <> 'carried'`

const USAGE_SUMS = `count(*) as results,
  coalesce(sum(r.prompt_tokens), 0) as "promptTokens",
  coalesce(sum(r.completion_tokens), 0) as "completionTokens",
  coalesce(sum(r.cached_tokens), 0) as "cachedTokens",
  coalesce(sum(r.reasoning_tokens), 0) as "reasoningTokens",
  sum(case when r.billed <> 'no' and r.prompt_tokens is null then 1 else 0 end) as "withoutUsage"`

type UsageRow = Omit<UsageTotal, 'target'> & { provider: string; endpoint: string; model: string }

export function selectUsage(driver: Driver, runKey: number): UsageTotal[] {
  return driver
    .all<UsageRow>(
      `select b.provider as provider, b.endpoint as endpoint, b.model as model, ${USAGE_SUMS}
       from batches b join attempts a on a.batch = b.key join results r on r.attempt = a.key
       where b.run = ? and ${PAID_HERE} group by b.provider, b.endpoint, b.model order by b.provider, b.endpoint, b.model`,
      runKey,
    )
    .map(({ provider, endpoint, model, ...rest }) => ({ ...rest, target: { provider, endpoint, model } }))
}

type AttemptUsageRow = Omit<AttemptUsage, 'isLong'> & { isLong: 0 | 1 }

export function selectUsageByAttempt(
  driver: Driver,
  runKey: number,
  longAboveTokens: number,
  attemptKey: number | undefined,
): AttemptUsage[] {
  const [condition, value] = attemptKey === undefined ? ['b.run = ?', runKey] : ['a.key = ?', attemptKey]
  return driver
    .all<AttemptUsageRow>(
      `select a.key as "attemptKey", coalesce(r.prompt_tokens, 0) > ? as "isLong",
         count(r.prompt_tokens) as answers, ${USAGE_SUMS}
       from batches b join attempts a on a.batch = b.key join results r on r.attempt = a.key
       where ${condition} and ${PAID_HERE} group by 1, 2 order by 1, 2`,
      longAboveTokens,
      value,
    )
    .map((row) => ({ ...row, isLong: row.isLong === 1 }))
}

export function selectFailureReasons(driver: Driver, runKey: number, most: number): FailureReason[] {
  return driver.all<FailureReason>(
    `select q.state as status, r.code as code, sum(q.rows) as count,
       min(case when q.state = r.status then r.reason else 'asked again without an answer: ' || r.reason end) as reason
     from requests q join results r on r.attempt = q.attempt and r.request = q.ordinal
     where q.run = ? and q.state <> 'succeeded' and q.rows > 0
     group by q.state, r.code order by count desc, q.state, r.code limit ?`,
    runKey,
    most,
  )
}

export function selectTolerated(driver: Driver, runKey: number): Record<string, number> {
  const notes = driver.all<{ note: string; count: number }>(
    `select r.code as note, sum(q.rows) as count
     from requests q join results r on r.attempt = q.attempt and r.request = q.ordinal
     where q.run = ? and q.state = 'succeeded' and q.rows > 0 and r.code is not null
     group by r.code order by r.code`,
    runKey,
  )
  return Object.fromEntries(notes.map(({ count, note }) => [note, count]))
}
