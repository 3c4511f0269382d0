import { assertMove, type Stage } from '../model/attempt.ts'
import { LlmBatchError } from '../model/error.ts'
import type {
  AttemptChanges,
  AttemptRecord,
  KnownRemote,
  NewAttempt,
  RemoteBatchFacts,
  RunOrigin,
} from './port/attempt.ts'
import type { IntentAnswer, IntentFacts, IntentRecord } from './port/paid-call.ts'
import { type AttemptRow, assignments, attemptFrom, SELECT_ATTEMPTS, UNFINISHED } from './record-columns.ts'
import { insertKeyed, type Sql } from './sql.ts'

/** Statements on attempts, intents and remote batches. Callers open the transaction. */

export async function insertAttempt(sql: Sql, batchKey: number, number: number, attempt: NewAttempt): Promise<number> {
  return insertKeyed(
    sql,
    `insert into attempts (batch, number, nonce, input_name, input_bytes, input_sha256, created_at, stage)
     values (?, ?, ?, ?, ?, ?, ?, 'planned')`,
    batchKey,
    number,
    attempt.nonce,
    attempt.inputName,
    attempt.inputBytes,
    attempt.inputSha256,
    attempt.createdAt,
  )
}

export async function selectAttempt(sql: Sql, key: number): Promise<AttemptRecord> {
  const row = await sql.get<AttemptRow>(`${SELECT_ATTEMPTS} where a.key = ?`, key)
  if (!row) throw new LlmBatchError('not_found', `there is no attempt ${key}`)
  return attemptFrom(row)
}

export async function selectCurrentAttempt(sql: Sql, batchKey: number): Promise<AttemptRecord> {
  const row = await sql.get<AttemptRow>(`${SELECT_ATTEMPTS} where a.batch = ? order by a.number desc limit 1`, batchKey)
  if (!row) throw new LlmBatchError('not_found', `there is no batch ${batchKey}`)
  return attemptFrom(row)
}

export async function selectAttempts(
  sql: Sql,
  runKey: number,
  which: 'all' | 'current',
): Promise<readonly AttemptRecord[]> {
  const newest =
    which === 'current' ? 'and a.number = (select max(n.number) from attempts n where n.batch = a.batch)' : ''
  const order = which === 'current' ? 'b.number' : 'a.key'
  return (await sql.all<AttemptRow>(`${SELECT_ATTEMPTS} where b.run = ? ${newest} order by ${order}`, runKey)).map(
    attemptFrom,
  )
}

/** An attempt that is not the newest of its batch is in a final stage: only from there a next one starts. */
export async function selectUnfinished(
  sql: Sql,
  runKey: number,
  now: number,
  mostUnsent = Number.MAX_SAFE_INTEGER,
): Promise<readonly AttemptRecord[]> {
  return (
    await sql.all<AttemptRow>(
      `${SELECT_ATTEMPTS} where b.run = ? and ${UNFINISHED} and (a.stage <> 'planned' or b.kind <> 'batch' or a.key in (
         select key from (
           select a.key, row_number() over (
             partition by b.provider, b.endpoint, b.model order by case when a.next_at > ? then a.next_at else ? end, b.number) as place
           from attempts a join batches b on b.key = a.batch
           where b.run = ? and ${UNFINISHED} and a.stage = 'planned' and b.kind = 'batch') ranked
         where place <= ?))
       order by b.number`,
      runKey,
      now,
      now,
      runKey,
      mostUnsent,
    )
  ).map(attemptFrom)
}

/** Of others than batches no create is ever sent; a batch that was refused may have a double that was not. */
export async function selectUnaudited(sql: Sql, runKey: number): Promise<readonly AttemptRecord[]> {
  return (
    await sql.all<AttemptRow>(
      `${SELECT_ATTEMPTS} where b.run = ? and b.kind in ('batch', 'priming') and a.audited_at is null
         and (a.stage in ('ended', 'collected', 'rejected') or (a.stage = 'submitted' and a.polls > 0))
       order by a.key`,
      runKey,
    )
  ).map(attemptFrom)
}

/** The guarded update behind every move: touching no row names the state found and the state wanted. */
export async function updateStage(
  sql: Sql,
  key: number,
  from: Stage,
  to: Stage,
  changes: AttemptChanges,
): Promise<void> {
  assertMove(from, to)
  const set = assignments(changes)
  const touched = await sql.run(
    `update attempts set stage = ?${set.sql} where key = ? and stage = ?`,
    to,
    ...set.values,
    key,
    from,
  )
  if (touched !== 1) {
    const found = (await sql.get<{ stage: string }>('select stage from attempts where key = ?', key))?.stage ?? 'absent'
    throw new LlmBatchError('conflict', `attempt ${key} is ${found}; it cannot move from ${from} to ${to}`)
  }
}

/** With `seenNextAt`, another `next_at` than that one stays. */
export async function updateAttempt(
  sql: Sql,
  key: number,
  { nextAt, ...changes }: AttemptChanges,
  seenNextAt?: number,
): Promise<void> {
  const isGuarded = nextAt !== undefined && seenNextAt !== undefined
  const set = assignments(isGuarded || nextAt === undefined ? changes : { ...changes, nextAt })
  const next = isGuarded ? ', next_at = case when next_at = ? then ? else next_at end' : ''
  const values = [...set.values, ...(isGuarded ? [seenNextAt, nextAt] : [])]
  if (values.length > 0)
    await sql.run(`update attempts set stage = stage${set.sql}${next} where key = ?`, ...values, key)
}

export async function insertIntent(sql: Sql, attemptKey: number, facts: IntentFacts): Promise<number> {
  const values = [attemptKey, facts.at, JSON.stringify(facts)]
  return insertKeyed(sql, 'insert into intents (attempt, at, facts) values (?, ?, ?)', ...values)
}

/** Records the answer to an intent once; `unknown` may later become `adopted` or `proved_absent`. */
export async function answerIntent(sql: Sql, key: number, answer: IntentAnswer, at: number): Promise<void> {
  const touched = await sql.run(
    `update intents set answer = ?, answered_at = ? where key = ? and (answer is null or answer = 'unknown')`,
    answer,
    at,
    key,
  )
  if (touched !== 1) throw new LlmBatchError('conflict', `intent ${key} was answered before`)
}

/** The attempt was proved never to have become a batch: so were its intents. */
export async function closeOpenIntents(sql: Sql, attemptKey: number, at: number): Promise<void> {
  await sql.run(
    `update intents set answer = 'proved_absent', answered_at = ?
     where attempt = ? and (answer is null or answer = 'unknown')`,
    at,
    attemptKey,
  )
}

interface IntentRow {
  key: number
  attempt: number
  facts: string
  answer: IntentAnswer | null
  answeredAt: number | null
}

const SELECT_INTENTS = 'select key, attempt, facts, answer, answered_at as "answeredAt" from intents'

export async function selectIntents(sql: Sql, attemptKey: number): Promise<readonly IntentRecord[]> {
  return (await sql.all<IntentRow>(`${SELECT_INTENTS} where attempt = ? order by key`, attemptKey)).map(intentFrom)
}

export async function selectIntent(sql: Sql, key: number): Promise<IntentRecord> {
  const row = await sql.get<IntentRow>(`${SELECT_INTENTS} where key = ?`, key)
  if (!row) throw new LlmBatchError('not_found', `there is no intent ${key}`)
  return intentFrom(row)
}

function intentFrom(row: IntentRow): IntentRecord {
  return {
    ...(JSON.parse(row.facts) as IntentFacts),
    key: row.key,
    attemptKey: row.attempt,
    answer: row.answer,
    answeredAt: row.answeredAt,
  }
}

export async function insertRemoteBatch(sql: Sql, attemptKey: number, remote: RemoteBatchFacts): Promise<void> {
  await sql.run(
    'insert into remote_batches (attempt, id, seen_at, role) values (?, ?, ?, ?) on conflict do nothing',
    attemptKey,
    remote.id,
    remote.seenAt,
    remote.role,
  )
}

export async function selectRemoteBatches(sql: Sql, attemptKey: number): Promise<readonly RemoteBatchFacts[]> {
  return sql.all<RemoteBatchFacts>(
    'select id, seen_at as "seenAt", role from remote_batches where attempt = ? order by seen_at, id',
    attemptKey,
  )
}

/** Ids that are looked for in one statement; fewer are filled up, so that it is prepared once. */
const IDS_AT_ONCE = 100

/** Those of these batches that belong to no attempt of any run. */
export async function selectUnknownRemotes(sql: Sql, ids: readonly string[]): Promise<readonly string[]> {
  const known = new Set<string>()
  const places = Array.from({ length: IDS_AT_ONCE }, () => '?').join(', ')
  for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
    const values = Array.from({ length: IDS_AT_ONCE }, (_, place) => ids[start + place] ?? '')
    const found = await sql.all<{ id: string }>(
      `select id from remote_batches where id in (${places})
       union select remote_id from attempts where remote_id in (${places})`,
      ...values,
      ...values,
    )
    for (const { id } of found) known.add(id)
  }
  return ids.filter((id) => !known.has(id))
}

/** Everything that attempts of any run have made or taken over; several rows of one attempt tell several batches. */
export async function selectKnownRemotes(sql: Sql): Promise<readonly KnownRemote[]> {
  return sql.all<KnownRemote>(
    `select r.id as "runId", a.nonce as "nonce", a.input_file_id as "inputFileId",
       a.output_file_id as "outputFileId", a.error_file_id as "errorFileId", coalesce(m.id, a.remote_id) as "batchId"
     from attempts a join batches b on b.key = a.batch join runs r on r.key = b.run
       left join remote_batches m on m.attempt = a.key`,
  )
}

/** Whether the run has prepared a create, and whether it has taken over a batch. */
export async function selectOrigin(sql: Sql, runKey: number): Promise<RunOrigin> {
  const found = await sql.get<{ intents: number; adopted: number; sent: number }>(
    `select
       case when exists (select 1 from batches b join attempts a on a.batch = b.key join intents i on i.attempt = a.key
         where b.run = ?) then 1 else 0 end as intents,
       case when exists (select 1 from batches b join attempts a on a.batch = b.key join remote_batches m on m.attempt = a.key
         where b.run = ? and m.role = 'adopted') then 1 else 0 end as adopted,
       case when exists (select 1 from batches b join attempts a on a.batch = b.key
         where b.run = ? and (a.input_file_id is not null or a.remote_id is not null
           or exists (select 1 from intents i where i.attempt = a.key)
           or exists (select 1 from direct_calls c where c.attempt = a.key))) then 1 else 0 end as sent`,
    runKey,
    runKey,
    runKey,
  )
  return { hasIntents: found?.intents === 1, hasAdopted: found?.adopted === 1, hasSent: found?.sent === 1 }
}
