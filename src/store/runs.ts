import { OPEN_STAGES } from '../model/attempt.ts'
import { LlmBatchError } from '../model/error.ts'
import { commandLine, mention } from '../model/options/mention.ts'
import type { Reason } from '../model/reason.ts'
import type { Reopening } from '../model/reopening.ts'
import {
  type CancelCause,
  type CarriedOver,
  type Deadline,
  isFinished,
  type OutputPlan,
  PRIORITIES,
  RUN_MOVES,
  type RunDefinition,
  type RunState,
  type Tail,
} from '../model/run.ts'
import type { StopLoss } from '../model/stop-loss.ts'
import type { BegunFacts, EndedRun, Incident, NewRun, RunRecord, WaitingQueue, WaitingRun } from './port/run.ts'
import { reasonFrom, reasonJson, UNFINISHED } from './record-columns.ts'
import type { Sql, SqlValue } from './sql.ts'

/** Statements on runs. Callers open the transaction. */

interface RunRow {
  id: string
  name: string | null
  state: RunState
  reason: string | null
  definition: string
  output: string
  rowCount: number
  requestCount: number
  rowsHash: string | null
  requestsHash: string | null
  columns: string
  account: string | null
  maxCostMicros: number | null
  priority: number
  cancelRequestedAt: number | null
  cancelCause: CancelCause | null
  deadlineAt: number | null
  windUpAt: number | null
  tail: Tail | null
  tailBegunAt: number | null
  stopLoss: string | null
  carried: string | null
  isCanaryDue: 0 | 1
  reopenings: string
  isOpen: 0 | 1
  createdAt: number
  finishedAt: number | null
}

const SELECT_RUNS = `
  select id, name, state, reason, definition, output, row_count as "rowCount", request_count as "requestCount",
    rows_hash as "rowsHash", requests_hash as "requestsHash", columns, account,
    max_cost as "maxCostMicros", priority, cancel_requested_at as "cancelRequestedAt",
    cancel_cause as "cancelCause", deadline_at as "deadlineAt", wind_up_at as "windUpAt",
    tail, tail_begun_at as "tailBegunAt", stop_loss as "stopLoss",
    carried, is_canary_due as "isCanaryDue", reopenings, is_open as "isOpen",
    created_at as "createdAt", finished_at as "finishedAt"
  from runs`

function runFrom(row: RunRow): RunRecord {
  const { carried, deadlineAt, priority, reason, stopLoss, tail, windUpAt, ...rest } = row
  const definition = stored(row, 'definition') as RunDefinition | null
  if (definition?.version !== 1) throw unreadable(row, 'definition')
  return {
    ...rest,
    deadline: deadlineAt === null ? null : { at: deadlineAt, windUpAt: windUpAt ?? deadlineAt, tail },
    priority: PRIORITIES[priority] ?? 'normal',
    reason: reasonFrom(reason),
    isCanaryDue: row.isCanaryDue === 1,
    reopenings: stored(row, 'reopenings') as Reopening[],
    isOpen: row.isOpen === 1,
    stopLoss: stopLoss === null ? null : (stored(row, 'stopLoss') as StopLoss),
    carried: carried === null ? null : (stored(row, 'carried') as CarriedOver),
    definition,
    output: stored(row, 'output') as OutputPlan,
    ...(stored(row, 'columns') as StoredTable),
  }
}

/** The frozen input as a table, as it is stored. */
export type StoredTable = Pick<RunRecord, 'columns' | 'files'>

type StoredColumn = 'definition' | 'output' | 'columns' | 'stopLoss' | 'carried' | 'reopenings'

/** What was stored as JSON. State is data: what cannot be read is refused, never guessed. */
function stored(row: RunRow, column: StoredColumn): unknown {
  try {
    return JSON.parse(row[column] ?? '')
  } catch (error) {
    throw unreadable(row, column, error)
  }
}

function unreadable({ id }: RunRow, column: string, cause?: unknown): LlmBatchError {
  return new LlmBatchError('disk', `the ${column} of run ${id} cannot be read`, {
    next: `It was damaged, or written by another version; use that version, or another ${mention('home')}.`,
    cause,
  })
}

export async function insertRun(sql: Sql, run: NewRun): Promise<void> {
  await sql.run(
    `insert into runs (id, state, definition, base_url, output, columns, created_at)
     values (?, 'preparing', ?, ?, ?, ?, ?)`,
    run.id,
    JSON.stringify(run.definition),
    run.definition.baseUrl,
    JSON.stringify(run.output),
    JSON.stringify({ columns: [], files: [] } satisfies StoredTable),
    run.createdAt,
  )
}

export async function selectRun(sql: Sql, id: string): Promise<RunRecord | undefined> {
  const row = await sql.get<RunRow>(`${SELECT_RUNS} where id = ?`, id)
  return row && runFrom(row)
}

export async function selectRuns(sql: Sql): Promise<RunRecord[]> {
  return (await sql.all<RunRow>(`${SELECT_RUNS} order by created_at desc, key desc`)).map(runFrom)
}

/** A run with its unfinished batches for one target; all of these are null where it has none. */
interface WaitingRow extends Omit<WaitingRun, 'queues'>, Omit<WaitingQueue, 'target'> {
  readonly provider: string | null
  readonly endpoint: string
  readonly model: string
}

const UNSENT = `a.stage = 'planned' and b.kind in ('batch', 'priming')`
const OPEN = ['uploaded', ...OPEN_STAGES].map((stage) => `'${stage}'`).join(', ')

export async function selectWaitingRuns(sql: Sql): Promise<WaitingRun[]> {
  const rows = await sql.all<WaitingRow>(
    `select r.id as id, r.state as state, w.next_at as "nextAt", w.day_held_until as "dayHeldUntil",
       r.cancel_requested_at as "cancelRequestedAt", r.wind_up_at as "windUpAt", w.provider, w.endpoint, w.model,
       w.unsent_at as "unsentAt", w.open as "open", w.short_of_room as "shortOfRoom"
     from runs r left join (
       select b.run as run, b.provider, b.endpoint, b.model,
         min(case when a.stage <> 'held' and not (${UNSENT}) then a.next_at end) as next_at,
         min(case when a.stage = 'held' and a.reason_code = 'over_day_budget' then a.next_at end) as day_held_until,
         min(case when ${UNSENT} then a.next_at end) as unsent_at,
         count(case when a.stage in (${OPEN}) then 1 end) as open,
         count(case when a.stage = 'uploaded' and a.waiting_since is not null then 1 end) as short_of_room
       from attempts a join batches b on b.key = a.batch where ${UNFINISHED}
       group by b.run, b.provider, b.endpoint, b.model
     ) w on w.run = r.key
     where r.state not in ('preparing', 'completed', 'cancelled') order by r.created_at, r.key`,
  )
  const runs = new Map<string, WaitingRun>()
  for (const row of rows) runs.set(row.id, withQueue(runs.get(row.id), row))
  return [...runs.values()]
}

export async function selectEndedRuns(sql: Sql, since: number): Promise<EndedRun[]> {
  return await sql.all<EndedRun>('select id, finished_at as "endedAt" from runs where finished_at >= ?', since)
}

function withQueue(
  run: WaitingRun | undefined,
  { endpoint, model, open, provider, shortOfRoom, unsentAt, ...row }: WaitingRow,
): WaitingRun {
  const queues = provider === null ? [] : [{ target: { provider, endpoint, model }, open, shortOfRoom, unsentAt }]
  return {
    ...row,
    nextAt: earliest(run?.nextAt ?? null, row.nextAt),
    dayHeldUntil: earliest(run?.dayHeldUntil ?? null, row.dayHeldUntil),
    queues: [...(run?.queues ?? []), ...queues],
  }
}

function earliest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}

export async function selectRunKey(sql: Sql, id: string): Promise<number> {
  const row = await sql.get<{ key: number }>('select key from runs where id = ?', id)
  if (!row)
    throw new LlmBatchError('not_found', `there is no run ${id}`, { next: `List them with: ${commandLine('runs')}` })
  return row.key
}

/** Takes the next fencing number; every number taken before is worth nothing from now on. */
export async function nextWriter(sql: Sql, runKey: number): Promise<number> {
  await sql.run('update runs set writer = writer + 1 where key = ?', runKey)
  return (await sql.get<{ writer: number }>('select writer from runs where key = ?', runKey))?.writer ?? 0
}

/** Throws when another process has become the writer of the run. */
export async function assertWriter(sql: Sql, runKey: number, runId: string, writer: number): Promise<void> {
  const current = (await sql.get<{ writer: number }>('select writer from runs where key = ?', runKey))?.writer
  if (current !== writer) {
    throw new LlmBatchError('busy', `another process has taken over run ${runId}`, {
      next: `Watch it with: ${commandLine('status', runId, mention('watch'))}`,
    })
  }
}

export async function updateRunState(
  sql: Sql,
  runKey: number,
  to: RunState,
  reason: Reason | null,
  at: number,
): Promise<void> {
  const from = (await sql.get<{ state: RunState }>('select state from runs where key = ?', runKey))?.state
  if (from === undefined || !RUN_MOVES[from].includes(to)) {
    throw new LlmBatchError('conflict', `a run that is ${from ?? 'absent'} cannot become ${to}`)
  }
  // What is finished takes no more rows, also where it was cancelled while it was open.
  const isOver = isFinished(to)
  await sql.run(
    'update runs set state = ?, reason = ?, finished_at = ?, is_open = case when ? = 1 then 0 else is_open end where key = ?',
    to,
    reasonJson(reason),
    isOver ? at : null,
    isOver ? 1 : 0,
    runKey,
  )
}

export async function updateBegun(sql: Sql, runKey: number, facts: BegunFacts): Promise<void> {
  await sql.run(
    'update runs set name = ?, is_open = ?, rows_hash = ?, requests_hash = ?, carried = ? where key = ?',
    facts.name,
    facts.isOpen ? 1 : 0,
    facts.rowsHash,
    facts.requestsHash,
    facts.carried ? JSON.stringify(facts.carried) : null,
    runKey,
  )
}

type SteeringColumn =
  | 'account'
  | 'is_canary_due'
  | 'is_open'
  | 'max_cost'
  | 'output'
  | 'priority'
  | 'reopenings'
  | 'stop_loss'

export async function updateRunField(sql: Sql, runKey: number, column: SteeringColumn, value: SqlValue): Promise<void> {
  await sql.run(`update runs set ${column} = ? where key = ?`, value, runKey)
}

/** The queues and the calibration of the new place are other rows of their tables, so nothing else must follow. */
export async function updateBaseUrl(sql: Sql, runKey: number, baseUrl: string): Promise<void> {
  const run = await sql.get<{ definition: string }>('select definition from runs where key = ?', runKey)
  const definition = JSON.stringify({ ...(JSON.parse(run?.definition ?? '{}') as object), baseUrl })
  await sql.run('update runs set definition = ?, base_url = ? where key = ?', definition, baseUrl, runKey)
  await sql.run('update batches set base_url = ? where run = ?', baseUrl, runKey)
}

export async function updateDeadline(sql: Sql, runKey: number, deadline: Deadline | null): Promise<void> {
  await sql.run(
    'update runs set deadline_at = ?, wind_up_at = ?, tail = ? where key = ?',
    deadline?.at ?? null,
    deadline?.windUpAt ?? null,
    deadline?.tail ?? null,
    runKey,
  )
}

export async function insertIncident(sql: Sql, runKey: number, incident: Incident): Promise<void> {
  await sql.run(
    'insert into incidents (run, at, kind, detail, remote_ids) values (?, ?, ?, ?, ?) on conflict do nothing',
    runKey,
    incident.at,
    incident.kind,
    incident.detail,
    JSON.stringify(incident.remoteIds),
  )
}

export async function selectIncidents(sql: Sql, runKey: number): Promise<Incident[]> {
  return (
    await sql.all<{ at: number; kind: Incident['kind']; detail: string; remoteIds: string }>(
      'select at, kind, detail, remote_ids as "remoteIds" from incidents where run = ? order by at, detail',
      runKey,
    )
  ).map((row) => ({ ...row, remoteIds: JSON.parse(row.remoteIds) as string[] }))
}

/** What was asked first is the cause; but once a person has asked, nothing is bought in place of what is cancelled. */
export async function markCancelRequested(sql: Sql, id: string, cause: CancelCause, at: number): Promise<void> {
  if (cause === 'user') await sql.run('update runs set tail = null where id = ?', id)
  await sql.run(
    `update runs set cancel_requested_at = ?, cancel_cause = ? where id = ? and cancel_requested_at is null`,
    at,
    cause,
    id,
  )
}

/**
 * What stopped a run before does not stop it once a person has opened it again; a tail takes nothing that was left over
 * before.
 */
export async function clearStops(sql: Sql, runKey: number): Promise<void> {
  const run = await sql.get<{ stopLoss: string | null }>(
    'select stop_loss as "stopLoss" from runs where key = ?',
    runKey,
  )
  const stopLoss = JSON.parse(run?.stopLoss ?? 'null') as StopLoss | null
  await sql.run(
    `update runs set cancel_requested_at = null, cancel_cause = null, deadline_at = null, wind_up_at = null,
       tail = null, tail_begun_at = null, opened_after = (select count(*) from batches where run = runs.key),
       stop_loss = ?
     where key = ?`,
    stopLoss?.state === 'ignored' ? JSON.stringify(stopLoss) : null,
    runKey,
  )
}
