import type { Queue } from './in-flight.ts'
import type { AttemptUsage } from './port/attempt.ts'
import type { TokenMethod } from './port/batch.ts'
import { TRUE_RATE } from './record-columns.ts'
import type { Sql } from './sql.ts'

/** Statements on what estimates of tokens were worth. Callers open the transaction. */

/** What batches have shown so far; null where none was collected. */
export async function selectTokenRate(sql: Sql, queue: Queue, method: TokenMethod): Promise<number | null> {
  return (
    (
      await sql.get<{ rate: number }>(
        `select ${TRUE_RATE} as rate from token_rates t
       where provider = ? and base_url = ? and model = ? and method = ?`,
        queue.provider,
        queue.baseUrl,
        queue.model,
        method,
      )
    )?.rate ?? null
  )
}

/**
 * Learns from a collected batch what its estimate was worth. What was learnt before counts half, so that a model or a
 * kind of prompt that changes is followed within a few batches.
 */
export async function calibrate(
  sql: Sql,
  attemptKey: number,
  usage: readonly AttemptUsage[],
  at: number,
): Promise<void> {
  const answers = usage.reduce((sum, part) => sum + part.answers, 0)
  const tokens = usage.reduce((sum, part) => sum + part.promptTokens, 0)
  if (answers === 0 || tokens === 0) return
  await sql.run(
    `insert into token_rates (provider, base_url, model, method, estimated, actual, at)
     select b.provider, b.base_url, b.model, b.token_method, b.tokens * 1.0 * ? / b.request_count,
       cast(? as double precision), cast(? as bigint)
     from attempts a join batches b on b.key = a.batch
     where a.key = ? and b.tokens > 0
     on conflict (provider, base_url, model, method) do update set
       estimated = token_rates.estimated / 2 + excluded.estimated,
       actual = token_rates.actual / 2 + excluded.actual, at = excluded.at`,
    answers,
    tokens,
    at,
    attemptKey,
  )
}
