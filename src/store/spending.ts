import { DAY_MS } from '../lib/duration.ts'
import { type BudgetReason } from '../model/reason.ts'
import type { Target } from '../model/target.ts'
import type {
  Bill,
  MonthlySpending,
  Reservation,
  ShownAnswers,
  SpendingStanding,
  SpendingSum,
  SpendingTerms,
} from './port/money.ts'
import type { Sql } from './sql.ts'

/**
 * Statements on what was set aside and spent. An entry is made with each paid call and outlives its run, so that what a
 * day or a month cost does not shrink by forgetting runs. Callers open the transaction.
 */

/** Writes the entry of a call that is about to be made; a call made again under the same id replaces its entry. */
async function insertReservation(sql: Sql, runId: string, reservation: Reservation): Promise<void> {
  const { target } = reservation
  await sql.run(
    `insert into spending (id, run, kind, provider, endpoint, model, requests, at, reserved)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set run = excluded.run, kind = excluded.kind, provider = excluded.provider,
       endpoint = excluded.endpoint, model = excluded.model, requests = excluded.requests, at = excluded.at,
       reserved = excluded.reserved, settled = null, settled_at = null`,
    reservation.id,
    runId,
    reservation.kind,
    target.provider,
    target.endpoint,
    target.model,
    reservation.requests,
    reservation.at,
    reservation.micros,
  )
}

/** Sets the cost of a call aside where the terms allow it; returns their refusal otherwise. */
export async function reserveSpending(sql: Sql, runId: string, terms: SpendingTerms): Promise<BudgetReason | null> {
  // What was set aside for this very call before a crash is replaced, not added to.
  const refusal = terms.refuse(await selectStanding(sql, runId, terms.since, terms.reservation.id))
  if (refusal === null) await insertReservation(sql, runId, terms.reservation)
  return refusal
}

/** Forgets what was set aside for a call that was certainly never made. */
export async function releaseReservation(sql: Sql, id: string): Promise<void> {
  await sql.run('delete from spending where id = ? and settled_at is null', id)
}

/** Replaces what was set aside by the bill; results without a usage keep their share of it. */
export async function settleReservation(sql: Sql, id: string, bill: Bill, at: number): Promise<void> {
  const found = await sql.get<{ reserved: number | null; requests: number }>(
    'select reserved, requests from spending where id = ?',
    id,
  )
  if (!found) return
  await sql.run(
    `update spending set settled_at = ?, settled = ?, answers = ?, prompt_tokens = ?, completion_tokens = ?,
       cached_tokens = ?, reasoning_tokens = ?
     where id = ?`,
    at,
    settledMicros(bill, found),
    bill.answers,
    bill.promptTokens,
    bill.completionTokens,
    bill.cachedTokens,
    bill.reasoningTokens,
    id,
  )
}

function settledMicros(bill: Bill, found: { readonly reserved: number | null; readonly requests: number }) {
  if (bill.micros === null) return null
  if (bill.withoutUsage === 0) return bill.micros
  if (found.reserved === null) return null
  return bill.micros + Math.ceil((found.reserved * bill.withoutUsage) / Math.max(1, found.requests))
}

/** The calls of a removed run are never settled: what was set aside for them counts as it stands. */
export async function closeReservations(sql: Sql, runId: string, at: number): Promise<void> {
  await sql.run('update spending set settled_at = ? where run = ? and settled_at is null', at, runId)
}

/** A batch that is being watched is settled without help; one that is held is not. */
const IN_FLIGHT = `exists (
  select 1 from attempts a where a.nonce = s.id and a.stage in ('creating', 'unconfirmed', 'calling', 'submitted', 'ended'))`

/** The four sums of entries; `run` says whose batches are being watched by the one who asks. */
const SUMS = `
  coalesce(sum(settled), 0) as settled,
  coalesce(sum(case when settled is null then reserved end), 0) as reserved,
  coalesce(sum(case when settled_at is null and s.run = ? and ${IN_FLIGHT} then reserved end), 0) as "inFlight",
  count(case when settled is null and reserved is null then 1 end) as unknown`

/** Adds up what was set aside and spent; `without` leaves the entry of one call out. */
export async function selectStanding(sql: Sql, runId: string, since: number, without = ''): Promise<SpendingStanding> {
  const sum = async (condition: string, value: string | number): Promise<SpendingSum> =>
    (await sql.get<SpendingSum>(
      `select ${SUMS} from spending s where ${condition} and s.id <> ?`,
      runId,
      value,
      without,
    )) ?? NOTHING
  return { run: await sum('s.run = ?', runId), sinceThen: await sum('s.at >= ?', since) }
}

const NOTHING: SpendingSum = { settled: 0, reserved: 0, inFlight: 0, unknown: 0 }

const ANSWERS = `
  coalesce(sum(answers), 0) as answers,
  coalesce(sum(prompt_tokens), 0) as "promptTokens",
  coalesce(sum(completion_tokens), 0) as "completionTokens"`

export async function selectShownByRun(sql: Sql, runId: string, target: Target): Promise<ShownAnswers> {
  const shown = await sql.get<ShownAnswers>(
    `select ${ANSWERS} from spending where run = ? and provider = ? and endpoint = ? and model = ?`,
    runId,
    target.provider,
    target.endpoint,
    target.model,
  )
  return shown ?? NO_ANSWERS
}

export async function selectShownByModel(sql: Sql, provider: string, model: string): Promise<ShownAnswers> {
  const shown = await sql.get<ShownAnswers>(
    `select ${ANSWERS} from (
       select provider, model, answers, prompt_tokens, completion_tokens from spending
       union all
       select provider, model, answers, prompt_tokens, completion_tokens from tried_answers
     ) where provider = ? and model = ?`,
    provider,
    model,
  )
  return shown ?? NO_ANSWERS
}

/** Adds to what tries have shown of a model. */
export async function insertTriedAnswers(
  sql: Sql,
  { model, provider }: Pick<Target, 'model' | 'provider'>,
  { answers, completionTokens, promptTokens }: ShownAnswers,
): Promise<void> {
  await sql.run(
    `insert into tried_answers (provider, model, answers, prompt_tokens, completion_tokens) values (?, ?, ?, ?, ?)
     on conflict (provider, model) do update set answers = answers + excluded.answers,
       prompt_tokens = prompt_tokens + excluded.prompt_tokens,
       completion_tokens = completion_tokens + excluded.completion_tokens`,
    provider,
    model,
    answers,
    promptTokens,
    completionTokens,
  )
}

const NO_ANSWERS: ShownAnswers = { answers: 0, promptTokens: 0, completionTokens: 0 }

/** Sums of one day, by the number of days since 1970. */
type DailySpending = Omit<MonthlySpending, 'month'> & { readonly day: number }

export async function selectMonths(sql: Sql): Promise<MonthlySpending[]> {
  const days = await sql.all<DailySpending>(
    `select at / ${DAY_MS} as day, provider, model,
       coalesce(sum(settled), 0) as settled,
       coalesce(sum(case when settled is null then reserved end), 0) as reserved,
       coalesce(sum(case when settled_at is null and ${IN_FLIGHT} then reserved end), 0) as "inFlight",
       count(case when settled is null and reserved is null then 1 end) as unknown,
       ${ANSWERS},
       coalesce(sum(cached_tokens), 0) as "cachedTokens",
       coalesce(sum(reasoning_tokens), 0) as "reasoningTokens"
     from spending s group by at / ${DAY_MS}, provider, model order by day desc, provider, model`,
  )
  const months = new Map<string, MonthlySpending>()
  for (const { day, ...sums } of days) {
    const month = new Date(day * DAY_MS).toISOString().slice(0, 'yyyy-mm'.length)
    const key = JSON.stringify([month, sums.provider, sums.model])
    months.set(key, added({ month, ...sums }, months.get(key)))
  }
  return [...months.values()].sort(byMonthAndModel)
}

function added(one: MonthlySpending, other: MonthlySpending | undefined): MonthlySpending {
  if (!other) return one
  return {
    ...one,
    settled: one.settled + other.settled,
    reserved: one.reserved + other.reserved,
    inFlight: one.inFlight + other.inFlight,
    unknown: one.unknown + other.unknown,
    answers: one.answers + other.answers,
    promptTokens: one.promptTokens + other.promptTokens,
    completionTokens: one.completionTokens + other.completionTokens,
    cachedTokens: one.cachedTokens + other.cachedTokens,
    reasoningTokens: one.reasoningTokens + other.reasoningTokens,
  }
}

/** The newest month first. */
function byMonthAndModel(one: MonthlySpending, other: MonthlySpending): number {
  const key = ({ model, provider }: MonthlySpending): string => `${provider} ${model}`
  if (one.month !== other.month) return one.month < other.month ? 1 : -1
  return key(one) < key(other) ? -1 : 1
}
