import { UNFINISHED } from './record-columns.ts'
import type { Sql } from './sql.ts'
import type { Webhook } from './store.ts'

/** Statements for what a webhook may do. Callers open the transaction. */

/**
 * How long the id of a webhook is remembered, in milliseconds: longer than twice the five minutes by which Standard Webhooks
 * lets its timestamp differ, so that no copy of it is ever new.
 */
const REMEMBERED_MS = 15 * 60_000

/** Remembers a webhook; false where it came before. */
export async function insertWebhook(sql: Sql, { id, sender }: Webhook, now: number): Promise<boolean> {
  await sql.run('delete from webhooks where at < ?', now - REMEMBERED_MS)
  const made = await sql.run(
    'insert into webhooks (sender, id, at) values (?, ?, ?) on conflict do nothing',
    sender,
    id,
    now,
  )
  return made === 1
}

/** A batch at work, by its attempt, and its run. */
interface Sleeper {
  readonly key: number
  readonly run: string
}

/**
 * The batches at work that a webhook is about. After a failed call the wait stays as it is, because the provider may have
 * asked for it.
 */
export async function selectSleepers(sql: Sql, { batchIds, providers }: Webhook): Promise<readonly Sleeper[]> {
  return await sql.all<Sleeper>(
    `select a.key as "key", r.id as "run" from attempts a join batches b on b.key = a.batch join runs r on r.key = b.run
     where ${UNFINISHED} and a.stage = 'submitted' and a.failures = 0 and a.remote_id in (${places(batchIds)})
       and b.provider in (${places(providers)}) order by a.key`,
    ...batchIds,
    ...providers,
  )
}

/**
 * Makes the next look at these batches due now, and returns their runs. A look that is under way was due already: its instant
 * moves too, so that who ends that look sees that it was woken meanwhile.
 */
export async function wakeSleepers(sql: Sql, sleepers: readonly Sleeper[], now: number): Promise<readonly string[]> {
  for (const { key } of sleepers) {
    await sql.run(
      'update attempts set next_at = case when next_at > ? then ? else next_at - 1 end where key = ?',
      now,
      now,
      key,
    )
  }
  return [...new Set(sleepers.map(({ run }) => run))]
}

function places(values: readonly string[]): string {
  return values.map(() => '?').join(', ')
}
