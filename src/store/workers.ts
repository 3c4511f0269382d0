import type { Sql } from './sql.ts'
import type { WorkerRecord } from './store.ts'

/** Statements on workers of the home. Callers open the transaction. */

/** Writes down that a worker is at work, and forgets those that were not seen for long. */
export async function upsertWorker(sql: Sql, { id, place, seenAt, startedAt }: WorkerRecord, deadBefore: number) {
  await sql.run('delete from workers where seen_at < ?', deadBefore)
  await sql.run(
    `insert into workers (id, place, started_at, seen_at) values (?, ?, ?, ?)
     on conflict (id) do update set seen_at = excluded.seen_at`,
    id,
    place,
    startedAt,
    seenAt,
  )
}

export async function deleteWorker(sql: Sql, id: string): Promise<void> {
  await sql.run('delete from workers where id = ?', id)
}

export async function selectWorkers(sql: Sql, since: number): Promise<WorkerRecord[]> {
  return sql.all<WorkerRecord>(
    'select id, place, started_at as "startedAt", seen_at as "seenAt" from workers where seen_at >= ? order by started_at, id',
    since,
  )
}
