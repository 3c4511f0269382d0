import type { BatchKind } from '../model/batch.ts'
import type { Billed, OutcomeStatus } from '../model/outcome.ts'
import type { Driver } from './driver.ts'
import { idFrom, problemFrom } from './requests.ts'
import type {
  AttemptRecord,
  AttemptUsage,
  FailureReason,
  NewResult,
  Reopening,
  RequestCounts,
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

/** Gives every request that waits for this attempt, or only those that are done, the state its result says. */
export function settleRequests(
  driver: Driver,
  runKey: number,
  { batchKey, key: attemptKey }: Pick<AttemptRecord, 'batchKey' | 'key'>,
  which: 'all' | 'final',
): void {
  driver.run(
    `update requests set
       state = case r.verdict when 'again' then 'pending' else r.status end,
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

export function reopen(driver: Driver, runKey: number, { billed, maxTokens, statuses }: Reopening): number {
  return driver.run(
    `update requests set state = 'pending', attempt = null, tries = 0, max_tokens = coalesce(?, max_tokens)
     where run = ? and state in (select value from json_each(?))
       and coalesce((select r.billed from results r where r.attempt = requests.attempt and r.request = requests.ordinal),
                    'no') in (select value from json_each(?))`,
    maxTokens,
    runKey,
    JSON.stringify(statuses),
    JSON.stringify(billed),
  )
}

/** Requests whose batch was cancelled before it was sent, or that wait to be planned, get the outcome `cancelled`. */
export function cancelUnsentRequests(driver: Driver, runKey: number): void {
  driver.run(
    `update requests set state = 'cancelled'
     where run = ? and (state = 'pending' or (state = 'batched' and batch in (
       select a.batch from attempts a where a.stage = 'cancelled'
         and a.number = (select max(n.number) from attempts n where n.batch = a.batch))))`,
    runKey,
  )
}

/** The columns of the statement below, in its order: those of the row, then those of its result. */
type RowResultRow = readonly [...RowColumns, ...ResultColumns]

type RowColumns = [
  row: number,
  line: number,
  id: string | null,
  problem: string | null,
  request: number | null,
  state: RowResultRecord['state'],
  tries: number | null,
  provider: string | null,
  endpoint: string | null,
  model: string | null,
  kind: BatchKind | null,
]

type ResultColumns = [
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

const SELECT_ROW_RESULTS = `
  select w.ordinal, w.line, w.id, w.problem, l.request, q.state, q.tries, b.provider, b.endpoint, b.model, b.kind,
    r.attempt, a.nonce, r.status, r.code, r.reason, r.billed, r.prompt_tokens, r.completion_tokens, r.cached_tokens,
    r.reasoning_tokens, r.model, r.file, r.file_offset, r.length, r.verdict
  from rows w
  left join row_requests l on l.run = w.run and l.row = w.ordinal
  left join requests q on q.run = w.run and q.ordinal = l.request
  left join batches b on b.key = q.batch
  left join results r on r.attempt = q.attempt and r.request = q.ordinal
  left join attempts a on a.key = q.attempt
  where w.run = ? and w.ordinal > ?
  order by w.ordinal, l.part limit ?`

export function selectRowResults(driver: Driver, runKey: number, afterRow: number, most: number): RowResultRecord[] {
  return driver.lists<RowResultRow>(SELECT_ROW_RESULTS, runKey, afterRow, most).map(rowResultFrom)
}

function rowResultFrom(columns: RowResultRow): RowResultRecord {
  const [row, line, id, problem, request, state, tries, provider, endpoint, model, kind, ...result] = columns
  return {
    row,
    line,
    id: idFrom(id),
    problem: problemFrom(problem),
    request,
    state,
    tries: tries ?? 0,
    target: provider === null || endpoint === null || model === null ? null : { provider, endpoint, model },
    kind,
    result: resultFrom(request ?? 0, result),
  }
}

function resultFrom(ordinal: number, columns: ResultColumns): RowResultRecord['result'] {
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

export function selectCounts(driver: Driver, runKey: number): RequestCounts {
  const counts: Record<keyof RequestCounts, number> = {
    pending: 0,
    batched: 0,
    succeeded: 0,
    failed: 0,
    expired: 0,
    cancelled: 0,
    refused: 0,
    truncated: 0,
    invalid: 0,
    missing: 0,
    skipped: 0,
  }
  const states = driver.all<{ state: keyof RequestCounts; count: number }>(
    'select state, sum(rows) as count from requests where run = ? group by state',
    runKey,
  )
  for (const { state, count } of states) counts[state] = count
  counts.skipped =
    driver.get<{ count: number }>('select count(*) as count from rows where run = ? and problem is not null', runKey)
      ?.count ?? 0
  return counts
}

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
       where b.run = ? group by b.provider, b.endpoint, b.model order by b.provider, b.endpoint, b.model`,
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
       where ${condition} group by 1, 2 order by 1, 2`,
      longAboveTokens,
      value,
    )
    .map((row) => ({ ...row, isLong: row.isLong === 1 }))
}

export function selectFailureReasons(driver: Driver, runKey: number, most: number): FailureReason[] {
  return driver.all<FailureReason>(
    `select r.status as status, r.code as code, min(r.reason) as reason, count(*) as count
     from requests q join results r on r.attempt = q.attempt and r.request = q.ordinal
     where q.run = ? and q.state <> 'succeeded'
     group by r.status, r.code order by count(*) desc, r.status, r.code limit ?`,
    runKey,
    most,
  )
}
