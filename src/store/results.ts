import type { BatchKind } from '../model/batch.ts'
import type { Billed, OutcomeStatus } from '../model/outcome.ts'
import type { Driver } from './driver.ts'
import { reopenRoots } from './reasks.ts'
import { idFrom, problemFrom } from './requests.ts'
import type {
  AttemptRecord,
  AttemptUsage,
  FailureReason,
  NewResult,
  QuestionRecord,
  RowResultRecord,
  UsageTotal,
} from './store.ts'

/** Statements on results and what they make of the requests. Callers open the transaction. */

const RESULT_COLUMNS = [
  'request',
  'status',
  'code',
  'reason',
  'billed',
  'prompt_tokens',
  'completion_tokens',
  'cached_tokens',
  'reasoning_tokens',
  'model',
  'file',
  'file_offset',
  'length',
  'verdict',
  'counts_as_try',
] as const

const INSERT_RESULTS = `
  insert into results (attempt, ${RESULT_COLUMNS.join(', ')})
  select ?, ${RESULT_COLUMNS.map((_, place) => `value ->> ${place}`).join(', ')} from json_each(?) where true
  on conflict (attempt, request) do update set
    ${RESULT_COLUMNS.slice(1)
      .map((column) => `${column} = excluded.${column}`)
      .join(', ')}`

export function insertResults(driver: Driver, attemptKey: number, results: readonly NewResult[]): void {
  const rows = results.map((result) => [
    result.ordinal,
    result.status,
    result.code,
    result.reason,
    result.billed,
    result.promptTokens,
    result.completionTokens,
    result.cachedTokens,
    result.reasoningTokens,
    result.model,
    result.file,
    result.offset,
    result.length,
    result.verdict,
    result.countsAsTry ? 1 : 0,
  ])
  driver.run(INSERT_RESULTS, attemptKey, JSON.stringify(rows))
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

/** Gives requests back to `pending`; returns how many rows they answer. */
export function reopen(
  driver: Driver,
  runKey: number,
  statuses: readonly OutcomeStatus[],
  billed: readonly Billed[],
): number {
  const roots = reopenRoots(driver, runKey, statuses, billed)
  const which = [runKey, JSON.stringify(statuses), JSON.stringify(billed)] as const
  const others = driver.get<{ rows: number | null }>(
    `select sum(rows) as rows from requests where ${REOPENED}`,
    ...which,
  )
  driver.run(`update requests set state = 'pending', attempt = null, tries = 0 where ${REOPENED}`, ...which)
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

/** The columns of the statement below, in its order: those of the row, then those of its result. */
type RowResultRow = readonly [...RowColumns, ...QuestionColumns]

type RowColumns = [
  row: number,
  line: number,
  id: string | null,
  problem: string | null,
  shares: 0 | 1 | null,
  latest: number | null,
]

type QuestionColumns = [...RequestColumns, ...ResultColumns]

type RequestColumns = [
  request: number | null,
  state: RowResultRecord['state'],
  tries: number | null,
  provider: string | null,
  endpoint: string | null,
  model: string | null,
  kind: BatchKind | null,
]

/** The columns of `SELECTED_RESULT`, in its order. */
export type ResultColumns = [
  attemptKey: number | null,
  nonce: string | null,
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

/** Columns of result `r` and its attempt `a`. */
export const SELECTED_RESULT = `r.attempt, a.nonce, r.status, r.code, r.reason, r.billed, r.prompt_tokens,
    r.completion_tokens, r.cached_tokens, r.reasoning_tokens, r.model, r.file, r.file_offset, r.length, r.verdict`

const QUESTION_COLUMNS = `
  q.ordinal, q.state, q.tries, b.provider, b.endpoint, b.model, b.kind, ${SELECTED_RESULT}`

const JOIN_RESULTS = `
  left join batches b on b.key = q.batch
  left join results r on r.attempt = q.attempt and r.request = q.ordinal
  left join attempts a on a.key = q.attempt`

const SELECT_ROW_RESULTS = `
  select w.ordinal, w.line, w.id, w.problem, l.shares, q.latest, ${QUESTION_COLUMNS}
  from rows w
  left join row_requests l on l.run = w.run and l.row = w.ordinal
  left join requests q on q.run = w.run and q.ordinal = l.request
  ${JOIN_RESULTS}
  where w.run = ? and w.ordinal > ?
  order by w.ordinal, l.part limit ?`

/** The first requests of rows that were asked again, and those that took their place, in the order they were asked. */
const SELECT_QUESTIONS = `
  select q.root, ${QUESTION_COLUMNS}
  from (
    select *, 0 as nth from requests where run = ? and ordinal in (select value from json_each(?))
    union all
    select *, 1 from requests where run = ? and root in (select value from json_each(?))
  ) q ${JOIN_RESULTS}
  order by q.nth, q.ordinal`

export function selectRowResults(driver: Driver, runKey: number, afterRow: number, most: number): RowResultRecord[] {
  const rows = driver.lists<RowResultRow>(SELECT_ROW_RESULTS, runKey, afterRow, most)
  const roots = rows.filter(([, , , , , latest]) => latest !== null).map(([, , , , , , request]) => request)
  // Most runs ask every row once, and then this is all.
  if (roots.length === 0) return rows.map((row) => rowResultFrom(row, undefined))
  const questions = selectQuestions(driver, runKey, roots)
  return rows.map((row) => rowResultFrom(row, questions.get(row[6] ?? -1)))
}

/** All questions of rows that were asked again, by the request that was asked first. */
export function selectQuestions(
  driver: Driver,
  runKey: number,
  roots: readonly (number | null)[],
): ReadonlyMap<number, readonly QuestionRecord[]> {
  const json = JSON.stringify(roots)
  const found = new Map<number, QuestionRecord[]>()
  for (const [root, ...columns] of driver.lists<readonly [root: number | null, ...QuestionColumns]>(
    SELECT_QUESTIONS,
    runKey,
    json,
    runKey,
    json,
  )) {
    const question = questionFrom(columns)
    if (root === null) found.set(question.request ?? 0, [question])
    else found.get(root)?.push(question)
  }
  return found
}

function rowResultFrom(
  [row, line, id, problem, shares, latest, ...columns]: RowResultRow,
  asked: readonly QuestionRecord[] | undefined,
): RowResultRecord {
  const own = { row, line, id: idFrom(id), problem: problemFrom(problem), isShared: shares === 1 }
  if (latest === null || asked === undefined) return { ...own, ...questionFrom(columns), questions: null }
  const newest = asked.find(({ request }) => request === latest) ?? questionFrom(columns)
  const isOpen = newest.state === 'pending' || newest.state === 'batched'
  const shown = isOpen || hasAnswer(newest) ? newest : (asked.findLast(hasAnswer) ?? newest)
  const questions = [...asked.filter((question) => question !== newest), newest]
  return { ...own, ...shown, state: newest.state, questions }
}

/** True for a question that came to what its state says, false for one whose row keeps the answer it had before. */
function hasAnswer({ result, state }: QuestionRecord): boolean {
  return result !== null && result.status === state
}

function questionFrom(columns: QuestionColumns): QuestionRecord {
  const [request, state, tries, provider, endpoint, model, kind, ...result] = columns
  return {
    request,
    state,
    tries: tries ?? 0,
    target: provider === null || endpoint === null || model === null ? null : { provider, endpoint, model },
    kind,
    result: resultFrom(request ?? 0, result),
  }
}

/** The result whose columns these are; null where there is none. */
export function resultFrom(ordinal: number, columns: ResultColumns): RowResultRecord['result'] {
  const [attemptKey, nonce, status, code, reason, billed, promptTokens, completionTokens, ...rest] = columns
  const [cachedTokens, reasoningTokens, model, file, offset, length, verdict] = rest
  if (attemptKey === null || nonce === null || status === null || billed === null) return null
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
