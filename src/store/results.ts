import type { Driver, SqlValue } from './driver.ts'
import { reopenRoots } from './reasks.ts'
import type { AttemptRecord, AttemptUsage, FailureReason, NewResult, Reopening, UnsuccessfulRows } from './store.ts'

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

/**
 * Requests whose batch was cancelled before it was sent, or that wait to be planned, get the outcome `cancelled`; those
 * that ask again leave their rows with the answer they have.
 */
export function cancelUnsentRequests(driver: Driver, runKey: number): void {
  driver.run(
    `update requests set state = case when turn > 0 then 'invalid' else 'cancelled' end
     where run = ? and (state = 'pending' or (state = 'batched' and batch in (
       select a.batch from attempts a where a.stage = 'cancelled'
         and a.number = (select max(n.number) from attempts n where n.batch = a.batch))))`,
    runKey,
  )
}

/** True of results of batch `b` that this run has paid for. */
const PAID_HERE = `b.kind <> 'carried'`

const USAGE_SUMS = `count(*) as results,
  coalesce(sum(r.prompt_tokens), 0) as "promptTokens",
  coalesce(sum(r.completion_tokens), 0) as "completionTokens",
  coalesce(sum(r.cached_tokens), 0) as "cachedTokens",
  coalesce(sum(r.reasoning_tokens), 0) as "reasoningTokens",
  sum(case when r.billed <> 'no' and r.prompt_tokens is null then 1 else 0 end) as "withoutUsage"`

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

/** Has no answer that could be used, nor one that is waited for. */
const UNSUCCESSFUL = `not in ('succeeded', 'pending', 'batched')`

type UnsuccessfulRow = Omit<UnsuccessfulRows, 'isLong'> & { isLong: 0 | 1 }

/** Only requests without a usable answer are looked at; `q` is the one of a row whose outcome counts, `p` any of its. */
export function selectUnsuccessful(driver: Driver, runKey: number, longAboveTokens: number): UnsuccessfulRows[] {
  return driver
    .all<UnsuccessfulRow>(
      `select q.state as status, coalesce(l.billed, 'no') as billed, p.attempt as "attemptKey",
         coalesce(r.prompt_tokens, 0) > ? as "isLong",
         sum(case when p.ordinal = q.ordinal then q.rows else 0 end) as rows,
         count(r.prompt_tokens) as answers, ${USAGE_SUMS}
       from requests p
       join requests t on t.run = p.run and t.ordinal = coalesce(p.root, p.ordinal)
       join requests q on q.run = p.run and q.ordinal = coalesce(t.latest, t.ordinal)
       left join results r on r.attempt = p.attempt and r.request = p.ordinal
       left join results l on l.attempt = q.attempt and l.request = q.ordinal
       where p.run = ? and (p.rows = 0 or p.state ${UNSUCCESSFUL}) and q.state ${UNSUCCESSFUL} and q.rows > 0
       group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
      longAboveTokens,
      runKey,
    )
    .map((row) => ({ ...row, isLong: row.isLong === 1 }))
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
