import type { PlannedRequest } from '../model/batch.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Problem } from '../model/problem.ts'
import { insertAttempt, lastKey } from './attempts.ts'
import type { Driver } from './driver.ts'
import { insertReasks } from './reasks.ts'
import type { NewBatchRecord, NewRow, PendingRequest, StoredRequest } from './store.ts'

/** Statements on rows, batches and requests. Callers open the transaction. Bulk rows travel as one JSON text. */

export function insertRows(driver: Driver, runKey: number, rows: readonly NewRow[]): void {
  driver.run(
    `insert into rows (run, ordinal, line, id, problem)
     select ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(?)`,
    runKey,
    JSON.stringify(rows.map(({ id, line, ordinal, problem }) => [ordinal, line, jsonOrNull(id), jsonOrNull(problem)])),
  )
  const sharing = rows.flatMap(({ ordinal, shares }) => (typeof shares === 'number' ? [[ordinal, shares]] : []))
  if (sharing.length > 0) insertSharing(driver, runKey, sharing)
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
  const ordinals = batch.requests.map((request) => request.ordinal)
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
    ordinals[0] ?? 0,
    ordinals.at(-1) ?? 0,
    batch.contentHash,
    batch.tokens,
    batch.tokenMethod,
    batch.mostOutputTokens,
    batch.kind ?? 'batch',
  )
  const batchKey = lastKey(driver)
  const attemptKey = insertAttempt(driver, batchKey, 1, batch.attempt)
  const isAskingAgain = batch.requests.some(({ replaces }) => replaces !== undefined)
  for (const page of pages(batch.requests)) {
    if (isAskingAgain) insertReasks(driver, runKey, batchKey, page)
    else insertRequests(driver, runKey, batchKey, page)
  }
  return attemptKey
}

/** A few thousand rows a statement: more gains nothing and holds their text in memory. */
const PAGE_ROWS = 4_000

function* pages<Item>(items: readonly Item[]): Iterable<readonly Item[]> {
  for (let start = 0; start < items.length; start += PAGE_ROWS) yield items.slice(start, start + PAGE_ROWS)
}

function insertRequests(driver: Driver, runKey: number, batchKey: number, requests: readonly PlannedRequest[]): void {
  const json = JSON.stringify(requests.map((request) => [request.ordinal, request.row, request.offset, request.length]))
  const placed = driver.run(
    `insert into requests (run, ordinal, batch, file_offset, length, state)
     select ?, value ->> 0, ?, value ->> 2, value ->> 3, 'batched' from json_each(?) where true
     on conflict (run, ordinal) do update
       set batch = excluded.batch, file_offset = excluded.file_offset, length = excluded.length, state = 'batched'
       where requests.state = 'pending'`,
    runKey,
    batchKey,
    json,
  )
  if (placed !== requests.length) {
    throw new LlmBatchError('conflict', `${requests.length - placed} requests are in another batch already`)
  }
  driver.run(
    `insert into row_requests (run, row, part, request)
     select ?, value ->> 1, 0, value ->> 0 from json_each(?) where value ->> 1 is not null`,
    runKey,
    json,
  )
}

/** The requests of a batch that wait, in the order of their lines; those that went on to another batch are not among them. */
export function selectRequests(driver: Driver, batchKey: number, afterOrdinal: number, most: number): StoredRequest[] {
  return driver.all<StoredRequest>(
    `select q.ordinal as ordinal, q.file_offset as "offset", q.length as length, q.tries as tries
     from batches b join requests q on q.run = b.run and q.ordinal between b.first_request and b.last_request
     where b.key = ? and q.batch = b.key and q.state = 'batched' and q.ordinal > ?
     order by q.ordinal limit ?`,
    batchKey,
    afterOrdinal,
    most,
  )
}

export function selectHasPending(driver: Driver, runKey: number): boolean {
  return driver.get(`select 1 from requests where run = ? and state = 'pending' limit 1`, runKey) !== undefined
}

type PendingRow = Omit<PendingRequest, 'target'> & { provider: string; endpoint: string; model: string }

export function selectPending(driver: Driver, runKey: number, afterOrdinal: number, most: number): PendingRequest[] {
  return driver
    .all<PendingRow>(
      `select q.ordinal as ordinal, q.file_offset as "offset", q.length as length, q.tries as tries,
         b.provider as provider, b.endpoint as endpoint, b.model as model,
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
