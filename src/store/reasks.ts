import type { PlannedRequest } from '../model/batch.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Driver } from './driver.ts'
import type { ReaskableRequest, Reopening } from './store.ts'

/**
 * Statements on requests that ask again. The first request of a row is the `root` of those that take its place, one after
 * the other; `rows` goes over to the newest, which the root's `latest` names. Callers open the transaction.
 */

/** Requests that are the newest of their rows, whose answer is invalid, and that have turns left in their run. */
const REASKABLE = `
  from requests q indexed by requests_invalid
  join results r on r.attempt = q.attempt and r.request = q.ordinal and r.status = 'invalid'
  where q.run = ? and q.state = 'invalid' and q.rows > 0
    and q.turn < coalesce((select definition ->> 'maxReasks' from runs where key = q.run), 0)`

export function selectHasReaskable(driver: Driver, runKey: number): boolean {
  return driver.get(`select 1 ${REASKABLE} limit 1`, runKey) !== undefined
}

export function countReaskable(driver: Driver, runKey: number): number {
  return driver.get<{ rows: number | null }>(`select sum(q.rows) as rows ${REASKABLE}`, runKey)?.rows ?? 0
}

type ReaskableRow = Omit<ReaskableRequest, 'target' | 'answer'> & {
  provider: string
  endpoint: string
  model: string
  attemptKey: number
  file: 'output' | 'error' | null
  answerOffset: number | null
  answerLength: number | null
}

export function selectReaskable(
  driver: Driver,
  runKey: number,
  afterOrdinal: number,
  most: number,
): ReaskableRequest[] {
  return driver
    .all<ReaskableRow>(
      `select n.ordinal, n.file_offset as "offset", n.length, n.tries, n.reason,
         b.provider, b.endpoint, b.model, f.input_name as "inputName", f.nonce,
         n."attemptKey", n.file, n."answerOffset", n."answerLength"
       from (
         select q.ordinal, q.batch, q.file_offset, q.length, q.tries, r.reason, r.attempt as "attemptKey", r.file,
           r.file_offset as "answerOffset", r.length as "answerLength"
         ${REASKABLE} and q.ordinal > ? order by q.ordinal limit ?) n
       join batches b on b.key = n.batch
       join attempts f on f.batch = b.key and f.number = 1
       order by n.ordinal`,
      runKey,
      afterOrdinal,
      most,
    )
    .map(({ provider, endpoint, model, attemptKey, file, answerOffset, answerLength, ...rest }) => ({
      ...rest,
      target: { provider, endpoint, model },
      answer: { attemptKey, file, offset: answerOffset, length: answerLength },
    }))
}

export function selectNextOrdinal(driver: Driver, runKey: number): number {
  return (
    driver.get<{ next: number }>('select coalesce(max(ordinal), -1) + 1 as next from requests where run = ?', runKey)
      ?.next ?? 0
  )
}

export function selectReasked(driver: Driver, runKey: number): { readonly rows: number; readonly requests: number } {
  // The newest of the requests of a row has its rows, whichever of them that is.
  const found = driver.get<{ rows: number; requests: number }>(
    `with again as (select root, rows from requests where run = ? and root is not null)
     select count(*) as requests, coalesce(sum(rows), 0) + coalesce((select sum(rows) from requests
       where run = ? and ordinal in (select root from again)), 0) as rows
     from again`,
    runKey,
    runKey,
  )
  return found ?? { rows: 0, requests: 0 }
}

/** Adds requests of a batch that each take the place of another, and hands the rows of those over to them. */
export function insertReasks(
  driver: Driver,
  runKey: number,
  batchKey: number,
  requests: readonly PlannedRequest[],
): void {
  const json = JSON.stringify(
    requests.map(({ length, offset, ordinal, replaces }) => [ordinal, replaces, offset, length]),
  )
  // A cross join keeps the order in which it is written: the list is gone through once, not once for each request of the run.
  const placed = driver.run(
    `insert into requests (run, ordinal, batch, file_offset, length, state, rows, root, turn)
     select ?, j.value ->> 0, ?, j.value ->> 2, j.value ->> 3, 'batched', q.rows, coalesce(q.root, q.ordinal), q.turn + 1
     from json_each(?) j cross join requests q on q.run = ? and q.ordinal = j.value ->> 1
     where q.state = 'invalid' and q.rows > 0`,
    runKey,
    batchKey,
    json,
    runKey,
  )
  if (placed !== requests.length) {
    throw new LlmBatchError('conflict', `${requests.length - placed} requests were asked again already`)
  }
  driver.run(
    `update requests set rows = 0
     where run = ? and ordinal in (select value ->> 1 from json_each(?))`,
    runKey,
    json,
  )
  driver.run(
    `update requests set latest = (select max(n.ordinal) from requests n where n.run = ? and n.root = requests.ordinal)
     where run = ? and ordinal in (
       select q.root from json_each(?) j cross join requests q on q.run = ? and q.ordinal = j.value ->> 0)`,
    runKey,
    runKey,
    json,
    runKey,
  )
}

/**
 * Gives the rows of requests that asked again back to their roots, to be asked their first question once more. The root
 * names itself as the newest, so that what was asked in between still counts as the row's. Returns how many rows.
 */
export function reopenRoots(driver: Driver, runKey: number, { billed, maxTokens, statuses }: Reopening): number {
  const chosen = `
    q.run = ? and q.root is not null and q.rows > 0 and q.state in (select value from json_each(?))
    and coalesce((select r.billed from results r where r.attempt = q.attempt and r.request = q.ordinal), 'no')
      in (select value from json_each(?))`
  const values = [runKey, JSON.stringify(statuses), JSON.stringify(billed)]
  const found = driver.get<{ rows: number | null }>(
    `select sum(q.rows) as rows from requests q where ${chosen}`,
    ...values,
  )
  driver.run(
    `update requests set state = 'pending', attempt = null, tries = 0, latest = ordinal, rows = n.rows,
       max_tokens = coalesce(?, max_tokens)
     from (select q.root as root, q.rows as rows from requests q where ${chosen}) n
     where requests.run = ? and requests.ordinal = n.root`,
    maxTokens,
    ...values,
    runKey,
  )
  driver.run(`update requests as q set rows = 0 where ${chosen}`, ...values)
  return found?.rows ?? 0
}
