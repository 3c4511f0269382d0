import { LlmBatchError } from '../model/error.ts'
import { isReopened, type Reopening } from '../model/reopening.ts'
import { Tally, type TallyGroup } from '../model/tally.ts'
import type { RequestCounts } from './port/batch.ts'
import type { Sql } from './sql.ts'

/** Statements on the counts of requests that stand with each batch. Callers open the transaction. */

/** Facts of a run by which its requests are counted. */
export interface RunFacts {
  readonly runKey: number
  readonly baseUrl: string
  readonly maxReasks: number
  readonly reopenings: readonly Reopening[]
}

export async function selectRunFacts(sql: Sql, runKey: number): Promise<RunFacts> {
  const row = await sql.get<{ definition: string; reopenings: string }>(
    'select definition, reopenings from runs where key = ?',
    runKey,
  )
  const { baseUrl = '', maxReasks = 0 } = JSON.parse(row?.definition ?? '{}') as Partial<RunFacts>
  return { runKey, baseUrl, maxReasks, reopenings: JSON.parse(row?.reopenings ?? '[]') as Reopening[] }
}

/** Requests that go over to a newer batch are counted here no longer: each must wait for that. */
export async function takeOver(
  sql: Sql,
  run: RunFacts,
  batchKey: number,
  groups: readonly TallyGroup[],
): Promise<void> {
  const { number, tally: before } = await selectTally(sql, batchKey)
  const tally = new Tally(before)
  for (const group of groups) {
    const mayGo =
      group.state === 'pending' ||
      isReaskable(group, run.maxReasks) ||
      run.reopenings.some((reopening) => isReopened(reopening, group, number))
    if (mayGo && tally.take(group)) continue
    throw new LlmBatchError('conflict', `${group.requests} requests of batch ${number} do not wait to be sent again`)
  }
  await updateTally(sql, run, batchKey, tally.groups())
}

async function selectTally(
  sql: Sql,
  batchKey: number,
): Promise<{ readonly number: number; readonly tally: TallyGroup[] }> {
  const row = await sql.get<{ number: number; tally: string }>(
    'select number, tally from batches where key = ?',
    batchKey,
  )
  if (!row) throw new LlmBatchError('not_found', `there is no batch ${batchKey}`)
  return { number: row.number, tally: JSON.parse(row.tally) as TallyGroup[] }
}

export async function updateTally(
  sql: Sql,
  { maxReasks }: Pick<RunFacts, 'maxReasks'>,
  batchKey: number,
  tally: readonly TallyGroup[],
): Promise<void> {
  await sql.run(
    'update batches set tally = ?, pending = ?, reaskable = ? where key = ?',
    JSON.stringify(tally),
    sumOf(
      tally.filter(({ state }) => state === 'pending'),
      'requests',
    ),
    sumOf(
      tally.filter((group) => isReaskable(group, maxReasks)),
      'requests',
    ),
    batchKey,
  )
}

function isReaskable({ state, status, turn }: TallyGroup, maxReasks: number): boolean {
  return state === 'invalid' && status === 'invalid' && turn < maxReasks
}

export function sumOf(groups: readonly TallyGroup[], field: 'requests' | 'rows'): number {
  return groups.reduce((sum, group) => sum + group[field], 0)
}

/** Puts other counts in the place of those of batches. */
export async function replaceTallies(
  sql: Sql,
  runKey: number,
  tallies: ReadonlyMap<number, readonly TallyGroup[]>,
): Promise<void> {
  const run = await selectRunFacts(sql, runKey)
  for (const [key, tally] of tallies) await updateTally(sql, run, key, tally)
}

/** What a batch was to answer, and has not, waits to be planned into others. */
export async function releaseBatch(sql: Sql, runKey: number, batchKey: number): Promise<void> {
  await restate(sql, await selectRunFacts(sql, runKey), batchKey, (group) =>
    group.state === 'batched' ? { ...group, state: 'pending' } : group,
  )
}

/** Has groups of a batch stand otherwise; false where none of them does. */
export async function restate(
  sql: Sql,
  run: RunFacts,
  batchKey: number,
  change: (group: TallyGroup) => TallyGroup,
): Promise<boolean> {
  const { tally: before } = await selectTally(sql, batchKey)
  const changed = before.map(change)
  if (changed.every((group, index) => group === before[index])) return false
  await updateTally(sql, run, batchKey, new Tally(changed).groups())
  return true
}

export async function selectHasPending(sql: Sql, runKey: number): Promise<boolean> {
  const found = await sql.get(
    `select 1 from batches where run = ? and pending > 0
     union all select 1 from runs where key = ? and reopenings <> '[]' limit 1`,
    runKey,
    runKey,
  )
  return found !== undefined
}

/** What is to be sent again as it was is planned first. */
export async function selectHasReaskable(sql: Sql, runKey: number): Promise<boolean> {
  const found = await sql.get(
    `select 1 from batches b join runs r on r.key = b.run
     where b.run = ? and b.reaskable > 0 and r.reopenings = '[]' limit 1`,
    runKey,
  )
  return found !== undefined
}

const NONE: RequestCounts = {
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

/**
 * Rows by where they stand. What is to be sent again counts as pending, and so do invalid answers that are about to be asked
 * again, as long as the run goes on.
 */
export async function selectCounts(sql: Sql, runKey: number): Promise<RequestCounts> {
  const run = await selectRunFacts(sql, runKey)
  const isGoingOn = await selectIsGoingOn(sql, runKey)
  const counts: Record<keyof RequestCounts, number> = { ...NONE }
  const tallies = await sql.all<{ number: number; tally: string }>(
    'select number, tally from batches where run = ?',
    runKey,
  )
  for (const { number, tally } of tallies) {
    for (const group of JSON.parse(tally) as TallyGroup[]) {
      const isPending =
        run.reopenings.some((reopening) => isReopened(reopening, group, number)) ||
        (isGoingOn && isReaskable(group, run.maxReasks))
      counts[isPending ? 'pending' : group.state] += group.rows
    }
  }
  counts.skipped =
    (await sql.get<{ count: number }>('select skipped_count as count from runs where key = ?', runKey))?.count ?? 0
  return counts
}

/** True where rows with an invalid answer will be asked again, as far as their run allows. */
async function selectIsGoingOn(sql: Sql, runKey: number): Promise<boolean> {
  const going = `state not in ('completed', 'cancelled', 'cancelling') and cancel_requested_at is null`
  return (await sql.get(`select 1 from runs where key = ? and ${going}`, runKey)) !== undefined
}
