import type { PlannedRequest, PlannedRequests } from '../model/batch.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Problem } from '../model/problem.ts'
import { insertAttempt, lastKey } from './attempts.ts'
import type { Driver } from './driver.ts'
import { insertReasks } from './reasks.ts'
import type { NewBatchRecord, NewRow, PendingRequest, RequestSpan, StoredRequest } from './store.ts'

/** Statements on rows, batches and requests. Callers open the transaction. Bulk rows travel as one JSON text. */

export function insertRows(driver: Driver, runKey: number, rows: readonly NewRow[]): void {
  const first = rows[0]?.ordinal ?? 0
  const isPlain = rows.every(
    ({ id, ordinal, problem }, at) => id === null && problem === null && ordinal === first + at,
  )
  if (isPlain) insertLines(driver, runKey, first, rows)
  else insertFacts(driver, runKey, rows)
  const sharing = rows.flatMap(({ ordinal, shares }) => (typeof shares === 'number' ? [[ordinal, shares]] : []))
  if (sharing.length > 0) insertSharing(driver, runKey, sharing)
}

/** Rows without anything to say but their lines, which is three times as fast. */
function insertLines(driver: Driver, runKey: number, first: number, rows: readonly NewRow[]): void {
  driver.run(
    `insert into rows (run, ordinal, line) select ?, ? + key, value from json_each(?)`,
    runKey,
    first,
    JSON.stringify(rows.map(({ line }) => line)),
  )
}

function insertFacts(driver: Driver, runKey: number, rows: readonly NewRow[]): void {
  driver.run(
    `insert into rows (run, ordinal, line, id, problem)
     select ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(?)`,
    runKey,
    JSON.stringify(rows.map(({ id, line, ordinal, problem }) => [ordinal, line, jsonOrNull(id), jsonOrNull(problem)])),
  )
}

/** Ties rows to requests of earlier rows, which may be told later. */
function insertSharing(driver: Driver, runKey: number, sharing: readonly number[][]): void {
  driver.run(
    `insert into row_requests (run, row, part, request, shares)
     select ?, value ->> 0, 0, value ->> 1, 1 from json_each(?)`,
    runKey,
    JSON.stringify(sharing),
  )
}

/** Writes down how many rows each shared request answers; all others answer one. */
export function countSharing(driver: Driver, runKey: number): void {
  driver.run(
    `update requests set rows = 1 + s.sharing
     from (select request, count(*) as sharing from row_requests where run = ? and shares = 1 group by request) s
     where requests.run = ? and requests.ordinal = s.request`,
    runKey,
    runKey,
  )
}

/** Ids travel and rest as JSON text: SQLite would cut a bare text at its first NUL. */
function jsonOrNull(value: string | Problem | null): string | null {
  return value === null ? null : JSON.stringify(value)
}

/** The id of a row as it was given. */
export function idFrom(text: string | null): string | null {
  return text === null ? null : (JSON.parse(text) as string)
}

/**
 * Adds a batch and its first attempt, whose key it returns. Its requests are either new, or were pending and now belong to
 * this batch; both have their lines in the new attempt's input file.
 */
export function insertBatch(driver: Driver, runKey: number, batch: NewBatchRecord): number {
  const number =
    (driver.get<{ number: number | null }>('select max(number) as number from batches where run = ?', runKey)?.number ??
      0) + 1
  driver.run(
    `insert into batches
       (run, number, base_url, provider, endpoint, model, request_count, first_request, last_request, content_hash,
        tokens, token_method, most_output_tokens, kind)
     values (?, ?, (select definition ->> 'baseUrl' from runs where key = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    runKey,
    number,
    runKey,
    batch.target.provider,
    batch.target.endpoint,
    batch.target.model,
    batch.requests.length,
    batch.requests.at(0)?.ordinal ?? 0,
    batch.requests.at(-1)?.ordinal ?? 0,
    batch.contentHash,
    batch.tokens,
    batch.tokenMethod,
    batch.mostOutputTokens,
    batch.kind ?? 'batch',
  )
  const batchKey = lastKey(driver)
  const attemptKey = insertAttempt(driver, batchKey, 1, batch.attempt)
  for (const page of pages(batch.requests)) {
    if (page.some(({ replaces }) => replaces !== undefined)) insertReasks(driver, runKey, batchKey, page)
    else insertRequests(driver, runKey, batchKey, page)
  }
  return attemptKey
}

/** A few thousand rows a statement: more gains nothing and holds their text in memory. */
const PAGE_ROWS = 4_000

function* pages(requests: PlannedRequests): Iterable<readonly PlannedRequest[]> {
  for (let start = 0; start < requests.length; start += PAGE_ROWS) yield requests.slice(start, start + PAGE_ROWS)
}

function insertRequests(driver: Driver, runKey: number, batchKey: number, requests: readonly PlannedRequest[]): void {
  if (isRowByRow(requests)) insertRowByRow(driver, runKey, batchKey, requests)
  else insertScattered(driver, runKey, batchKey, requests)
}

function assertPlaced(placed: number, { length }: readonly PlannedRequest[]): void {
  if (placed === length) return
  throw new LlmBatchError('conflict', `${length - placed} requests are in another batch already`)
}

const PLACE_AGAIN = `
  on conflict (run, ordinal) do update
    set batch = excluded.batch, file_offset = excluded.file_offset, length = excluded.length, state = 'batched'
    where requests.state = 'pending'`

function insertScattered(driver: Driver, runKey: number, batchKey: number, requests: readonly PlannedRequest[]): void {
  const json = JSON.stringify(requests.map(({ length, offset, ordinal, row }) => [ordinal, offset, length, row]))
  const placed = driver.run(
    `insert into requests (run, ordinal, batch, file_offset, length, state)
     select ?, value ->> 0, ?, value ->> 1, value ->> 2, 'batched' from json_each(?) where true ${PLACE_AGAIN}`,
    runKey,
    batchKey,
    json,
  )
  assertPlaced(placed, requests)
  driver.run(
    `insert into row_requests (run, row, part, request)
     select ?, value ->> 3, 0, value ->> 0 from json_each(?) where value ->> 3 is not null`,
    runKey,
    json,
  )
}

/** The same for requests that count up with their rows: what can be counted need not be taken out of JSON. */
function insertRowByRow(driver: Driver, runKey: number, batchKey: number, requests: readonly PlannedRequest[]): void {
  const { ordinal: first, row: firstRow } = requests[0] ?? { ordinal: 0, row: 0 }
  const placed = driver.run(
    `insert into requests (run, ordinal, batch, file_offset, length, state)
     select ?, ? + key, ?, value ->> 0, value ->> 1, 'batched' from json_each(?) where true ${PLACE_AGAIN}`,
    runKey,
    first,
    batchKey,
    JSON.stringify(requests.map(({ length, offset }) => [offset, length])),
  )
  assertPlaced(placed, requests)
  driver.run(
    `insert into row_requests (run, row, part, request)
     select run, ordinal + ?, 0, ordinal from requests where run = ? and ordinal between ? and ?`,
    (firstRow ?? 0) - first,
    runKey,
    first,
    first + requests.length - 1,
  )
}

/** True where requests and rows count up together, as they do where every row has a request. */
function isRowByRow(requests: readonly PlannedRequest[]): boolean {
  const { ordinal: first, row: firstRow } = requests[0] ?? { ordinal: 0, row: null }
  return requests.every(
    ({ ordinal, row }, at) => row !== null && ordinal === first + at && row === (firstRow ?? 0) + at,
  )
}

/** The requests of a batch that wait, in the order of their lines; those that went on to another batch are not among them. */
export function selectRequests(driver: Driver, batchKey: number, afterOrdinal: number, most: number): StoredRequest[] {
  const lists = driver.lists<readonly [ordinal: number, offset: number, length: number, tries: number]>(
    `select json_array(q.ordinal, q.file_offset, q.length, q.tries) as list
     from batches b
     join requests q on q.run = b.run and q.ordinal between max(b.first_request, ?) and b.last_request
     where b.key = ? and q.batch = b.key and q.state = 'batched'
     order by q.ordinal limit ?`,
    // In the range, so that a later page does not pass by all that came before it.
    afterOrdinal + 1,
    batchKey,
    most,
  )
  return lists.map(([ordinal, offset, length, tries]) => ({ ordinal, offset, length, tries }))
}

export function selectRequestSpan(driver: Driver, batchKey: number): RequestSpan | null {
  const span = driver.get<RequestSpan>(
    `select count(*) as count, min(q.ordinal) as "firstOrdinal", max(q.ordinal) as "lastOrdinal",
       max(q.tries) as "mostTries"
     from batches b join requests q on q.run = b.run and q.ordinal between b.first_request and b.last_request
     where b.key = ? and q.batch = b.key and q.state = 'batched'`,
    batchKey,
  )
  return span === undefined || span.count === 0 ? null : span
}

export function selectHasPending(driver: Driver, runKey: number): boolean {
  return driver.get(`select 1 from requests where run = ? and state = 'pending' limit 1`, runKey) !== undefined
}

type PendingRow = Omit<PendingRequest, 'target'> & { provider: string; endpoint: string; model: string }

export function selectPending(driver: Driver, runKey: number, afterOrdinal: number, most: number): PendingRequest[] {
  return driver
    .all<PendingRow>(
      `select q.ordinal as ordinal, q.file_offset as "offset", q.length as length, q.tries as tries,
         q.max_tokens as "maxTokens", b.provider as provider, b.endpoint as endpoint, b.model as model,
         f.input_name as "inputName", f.nonce as nonce
       from requests q
       join batches b on b.key = q.batch
       join attempts f on f.batch = b.key and f.number = 1
       where q.run = ? and q.state = 'pending' and q.ordinal > ?
       order by q.ordinal limit ?`,
      runKey,
      afterOrdinal,
      most,
    )
    .map(({ provider, endpoint, model, ...rest }) => ({ ...rest, target: { provider, endpoint, model } }))
}

/** Gives the requests that wait in a batch back to `pending`. */
export function releaseRequests(driver: Driver, batchKey: number): void {
  driver.run(
    `update requests set state = 'pending'
     where batch = ? and state = 'batched' and run = (select run from batches where key = ?)`,
    batchKey,
    batchKey,
  )
}

export function problemFrom(text: string | null): Problem | null {
  return text === null ? null : (JSON.parse(text) as Problem)
}
