import { FROM_QUEUE, type Queue, queueOf, selectBatchLoad, selectInFlight } from './in-flight.ts'
import type { QueueBelief, QueueLoad, QueueRefusal } from './port/queue.ts'
import type { Sql } from './sql.ts'

/** Statements on what refusals have taught about queues. Callers open the transaction. */

interface BeliefRow extends Omit<QueueBelief, 'isInDoubt' | 'hasProber'> {
  refusedAt: number | null
  refusedAttempt: number | null
}

/** What is believed of a queue; null where nothing was ever refused there. */
export async function selectBelief(sql: Sql, queue: Queue): Promise<QueueBelief | null> {
  const row = await selectBeliefRow(sql, queue)
  if (!row) return null
  const { refusedAt, refusedAttempt: _, ...belief } = row
  if (refusedAt === null) return { ...belief, isInDoubt: false, hasProber: false }
  return { ...belief, ...(await selectProbes(sql, queue, refusedAt)) }
}

async function selectBeliefRow(sql: Sql, { provider, baseUrl, model }: Queue): Promise<BeliefRow | undefined> {
  return sql.get<BeliefRow>(
    `select tokens, learnt_at as "learntAt", learnt_from as "learntFrom", refusals, refusals_alone as "refusalsAlone",
       tokens_in_flight as "tokensInFlight", try_at as "tryAt", refused_at as "refusedAt",
       refused_attempt as "refusedAttempt"
     from queue_limits where provider = ? and base_url = ? and model = ?`,
    provider,
    baseUrl,
    model,
  )
}

/** What batches that were created after a refusal tell: accepted ones end the doubt, one without an answer is a prober. */
async function selectProbes(sql: Sql, { provider, baseUrl, model }: Queue, refusedAt: number) {
  const probes = await sql.get<{ accepted: number; open: number }>(
    `select
       count(case when a.remote_status not in ('queued', 'failed') then 1 end) as accepted,
       count(case when a.stage in ('creating', 'unconfirmed') or (a.stage = 'submitted' and a.remote_status = 'queued')
         then 1 end) as open
     ${FROM_QUEUE} and b.model = ? and (a.stage in ('creating', 'unconfirmed') or a.submitted_at > ?)`,
    provider,
    baseUrl,
    model,
    refusedAt,
  )
  const isInDoubt = (probes?.accepted ?? 0) === 0
  return { isInDoubt, hasProber: isInDoubt && (probes?.open ?? 0) > 0 }
}

/** Writes down a refusal and what it teaches. The same attempt is counted once. */
export async function upsertRefusal(sql: Sql, attemptKey: number, refusal: QueueRefusal): Promise<QueueBelief> {
  const queue = await queueOf(sql, attemptKey)
  const before = await selectBeliefRow(sql, queue)
  if (before?.refusedAttempt !== attemptKey) await writeRefusal(sql, queue, attemptKey, refusal, before)
  const belief = await selectBelief(sql, queue)
  if (!belief) throw new Error(`the refusal of attempt ${attemptKey} was not stored`)
  return belief
}

async function writeRefusal(
  sql: Sql,
  queue: Queue,
  attemptKey: number,
  { at, believedSince, limitTokens, waitMs, words }: QueueRefusal,
  before: BeliefRow | undefined,
): Promise<void> {
  const inFlight = await selectInFlight(sql, queue, at)
  const wasInDoubt = (await selectBelief(sql, queue))?.isInDoubt === true
  const sentAt = (
    await sql.get<{ at: number | null }>('select submitted_at as at from attempts where key = ?', attemptKey)
  )?.at
  // Batches that were sent together are refused together: only a later one tells that nothing has changed since.
  const isNews = !wasInDoubt || (sentAt ?? 0) > (before?.refusedAt ?? 0)
  const refusals = wasInDoubt ? (before?.refusals ?? 0) + (isNews ? 1 : 0) : 1
  const isAlone = inFlight.requests === 0
  const alone = isAlone ? (wasInDoubt ? (before?.refusalsAlone ?? 0) : 0) + (isNews ? 1 : 0) : 0
  const known = (before?.learntAt ?? 0) < believedSince ? null : (before?.tokens ?? null)
  const tokens = limitTokens ?? (await guessedLimit(sql, attemptKey, inFlight, known))
  await sql.run(
    `insert into queue_limits (provider, base_url, model, tokens, learnt_at, learnt_from, refused_at, refused_attempt,
       refusals, refusals_alone, tokens_in_flight, try_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (provider, base_url, model) do update set tokens = excluded.tokens, learnt_at = excluded.learnt_at,
       learnt_from = excluded.learnt_from, refused_at = excluded.refused_at, refused_attempt = excluded.refused_attempt,
       refusals = excluded.refusals, refusals_alone = excluded.refusals_alone,
       tokens_in_flight = excluded.tokens_in_flight, try_at = excluded.try_at`,
    queue.provider,
    queue.baseUrl,
    queue.model,
    tokens,
    at,
    words,
    at,
    attemptKey,
    refusals,
    alone,
    inFlight.tokens,
    isNews ? at + waitMs(refusals) : (before?.tryAt ?? at),
  )
}

/**
 * A limit where the provider names none: a little less than what did not fit. Kept where a smaller one is believed; a
 * limit is not guessed from a refusal of less than half of what is known to fit, because then others fill the queue.
 */
async function guessedLimit(sql: Sql, attemptKey: number, inFlight: QueueLoad, known: number | null): Promise<number> {
  const refused = inFlight.tokens + (await selectBatchLoad(sql, attemptKey)).tokens
  const guess = Math.max(1, Math.floor(refused * 0.9))
  if (known === null) return guess
  return guess < known / 2 ? known : Math.min(known, guess)
}

/** Ends the doubt in a queue. */
export async function clearDoubt(sql: Sql, { provider, baseUrl, model }: Queue): Promise<void> {
  await sql.run(
    `update queue_limits set refused_at = null, refusals = 0, refusals_alone = 0, try_at = 0
     where provider = ? and base_url = ? and model = ?`,
    provider,
    baseUrl,
    model,
  )
}

/** An instant, or the one that is given twice as a value where that is earlier. */
function earlierOf(column: string): string {
  return `case when ${column} > ? then ? else ${column} end`
}

/** Where the clock was set back, nothing is waited for that was to come at an instant of the old time. */
export async function bringBackInstants(sql: Sql, runKey: number, now: number): Promise<void> {
  await sql.run(
    `update queue_limits set learnt_at = ${earlierOf('learnt_at')}, refused_at = ${earlierOf('refused_at')},
       try_at = ${earlierOf('try_at')}
     where base_url = (select base_url from runs where key = ?) and (learnt_at > ? or refused_at > ?)`,
    ...Array.from({ length: 6 }, () => now),
    runKey,
    now,
    now,
  )
}
