import { OPEN_STAGES, type Stage } from '../model/attempt.ts'
import type { Target } from '../model/target.ts'
import type { Driver } from './driver.ts'
import { CALIBRATED_TOKENS, JOIN_RATES } from './record-columns.ts'
import type { QueueBelief, QueueLoad, QueueRefusal, QueueState, TokenMethod, UnwatchedBatch } from './store.ts'

/** Statements on the providers' queues, over all runs of the home. Callers open the transaction. */

/** One queue: the batches of one model at one base URL. */
interface Queue {
  readonly provider: string
  readonly baseUrl: string
  readonly model: string
}

/** A batch that was never seen counts as in flight for as long as its provider may take: a day after its create. */
const UNSEEN_MS = 86_400_000

const OPEN = OPEN_STAGES.map((stage) => `'${stage}'`).join(', ')

/**
 * Attempts whose batch may be in the provider's queue: released only when it was seen to have ended. A held one of
 * which no batch was ever seen is the exception, because nobody may come to decide it. Takes the time as a value.
 */
const IN_FLIGHT = `a.freed_at is null and a.ended_at is null and (a.stage in (${OPEN})
  or (a.stage = 'held' and a.held_from in (${OPEN})
    and (a.remote_id is not null or exists (
      select 1 from intents i where i.attempt = a.key and i.facts ->> 'at' > ? - ${UNSEEN_MS}))))`

const FROM_QUEUE = `from attempts a join batches b on b.key = a.batch ${JOIN_RATES}
  where b.provider = ? and b.base_url = ?`

/** The queue that an attempt's batch goes to. */
function queueOf(driver: Driver, attemptKey: number): Queue {
  const queue = driver.get<Queue>(
    `select b.provider as provider, b.base_url as "baseUrl", b.model as model
     from attempts a join batches b on b.key = a.batch where a.key = ?`,
    attemptKey,
  )
  if (!queue) throw new Error(`there is no attempt ${attemptKey}`)
  return queue
}

/** The queue of a target, at the base URL of the run. */
export function queueOfTarget(driver: Driver, runKey: number, { provider, model }: Target): Queue {
  const run = driver.get<{ baseUrl: string }>(
    `select definition ->> 'baseUrl' as "baseUrl" from runs where key = ?`,
    runKey,
  )
  return { provider, baseUrl: run?.baseUrl ?? '', model }
}

/** Everything that admission is decided by, for an attempt that asks to be created. */
export function selectQueueState(driver: Driver, attemptKey: number, now: number): QueueState {
  const queue = queueOf(driver, attemptKey)
  const { isCalibrated, ...batch } = selectBatchLoad(driver, attemptKey)
  return {
    batch,
    inFlight: selectInFlight(driver, queue, now),
    accountRequests: selectAccountRequests(driver, queue, now),
    ahead: selectAhead(driver, queue, attemptKey),
    belief: selectBelief(driver, queue),
    isCalibrated: isCalibrated === 1,
  }
}

function selectBatchLoad(driver: Driver, attemptKey: number): QueueLoad & { readonly isCalibrated: number } {
  const load = driver.get<QueueLoad & { isCalibrated: number }>(
    `select ${CALIBRATED_TOKENS} as tokens, b.request_count as requests, t.at is not null as "isCalibrated"
     from attempts a join batches b on b.key = a.batch ${JOIN_RATES} where a.key = ?`,
    attemptKey,
  )
  if (!load) throw new Error(`there is no attempt ${attemptKey}`)
  return load
}

function selectInFlight(driver: Driver, { provider, baseUrl, model }: Queue, now: number): QueueLoad {
  const load = driver.get<QueueLoad>(
    `select coalesce(sum(${CALIBRATED_TOKENS}), 0) as tokens, coalesce(sum(b.request_count), 0) as requests
     ${FROM_QUEUE} and b.model = ? and ${IN_FLIGHT}`,
    provider,
    baseUrl,
    model,
    now,
  )
  return load ?? { tokens: 0, requests: 0 }
}

function selectAccountRequests(driver: Driver, { provider, baseUrl }: Queue, now: number): number {
  return (
    driver.get<{ requests: number }>(
      `select coalesce(sum(b.request_count), 0) as requests ${FROM_QUEUE} and ${IN_FLIGHT}`,
      provider,
      baseUrl,
      now,
    )?.requests ?? 0
  )
}

/** Batches that wait for the same room and began before this attempt, or begin now where it has not waited yet. */
function selectAhead(driver: Driver, { provider, baseUrl, model }: Queue, attemptKey: number): QueueState['ahead'] {
  return driver.all<QueueState['ahead'][number]>(
    `select a.waiting_since as since, a.next_at as "nextAt" ${FROM_QUEUE} and b.model = ?
       and a.stage = 'uploaded' and a.waiting_since is not null and a.key <> ?
       and (a.waiting_since, a.key) < (
         select coalesce(own.waiting_since, 9e15), own.key from attempts own where own.key = ?)
     order by a.waiting_since, a.key`,
    provider,
    baseUrl,
    model,
    attemptKey,
    attemptKey,
  )
}

interface BeliefRow extends Omit<QueueBelief, 'isInDoubt' | 'hasProber'> {
  refusedAt: number | null
  refusedAttempt: number | null
}

/** What is believed of a queue; null where nothing was ever refused there. */
export function selectBelief(driver: Driver, queue: Queue): QueueBelief | null {
  const row = selectBeliefRow(driver, queue)
  if (!row) return null
  const { refusedAt, refusedAttempt: _, ...belief } = row
  if (refusedAt === null) return { ...belief, isInDoubt: false, hasProber: false }
  return { ...belief, ...selectProbes(driver, queue, refusedAt) }
}

function selectBeliefRow(driver: Driver, { provider, baseUrl, model }: Queue): BeliefRow | undefined {
  return driver.get<BeliefRow>(
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
function selectProbes(driver: Driver, { provider, baseUrl, model }: Queue, refusedAt: number) {
  const probes = driver.get<{ accepted: number; open: number }>(
    `select
       coalesce(sum(a.remote_status not in ('queued', 'failed')), 0) as accepted,
       coalesce(sum(a.stage in ('creating', 'unconfirmed') or (a.stage = 'submitted' and a.remote_status = 'queued')), 0)
         as open
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
export function upsertRefusal(driver: Driver, attemptKey: number, refusal: QueueRefusal): QueueBelief {
  const queue = queueOf(driver, attemptKey)
  const before = selectBeliefRow(driver, queue)
  if (before?.refusedAttempt !== attemptKey) writeRefusal(driver, queue, attemptKey, refusal, before)
  const belief = selectBelief(driver, queue)
  if (!belief) throw new Error(`the refusal of attempt ${attemptKey} was not stored`)
  return belief
}

function writeRefusal(
  driver: Driver,
  queue: Queue,
  attemptKey: number,
  { at, limitTokens, waitMs, words }: QueueRefusal,
  before: BeliefRow | undefined,
): void {
  const inFlight = selectInFlight(driver, queue, at)
  const wasInDoubt = selectBelief(driver, queue)?.isInDoubt === true
  const sentAt = driver.get<{ at: number | null }>(
    'select submitted_at as at from attempts where key = ?',
    attemptKey,
  )?.at
  // Batches that were sent together are refused together: only a later one tells that nothing has changed since.
  const isNews = !wasInDoubt || (sentAt ?? 0) > (before?.refusedAt ?? 0)
  const refusals = wasInDoubt ? (before?.refusals ?? 0) + (isNews ? 1 : 0) : 1
  const isAlone = inFlight.requests === 0
  const alone = isAlone ? (wasInDoubt ? (before?.refusalsAlone ?? 0) : 0) + (isNews ? 1 : 0) : 0
  const tokens = limitTokens ?? guessedLimit(driver, attemptKey, inFlight, before?.tokens ?? null)
  driver.run(
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
function guessedLimit(driver: Driver, attemptKey: number, inFlight: QueueLoad, known: number | null): number {
  const refused = inFlight.tokens + selectBatchLoad(driver, attemptKey).tokens
  const guess = Math.max(1, Math.floor(refused * 0.9))
  if (known === null) return guess
  return guess < known / 2 ? known : Math.min(known, guess)
}

/** Ends the doubt in a queue. */
export function clearDoubt(driver: Driver, { provider, baseUrl, model }: Queue): void {
  driver.run(
    `update queue_limits set refused_at = null, refusals = 0, refusals_alone = 0, try_at = 0
     where provider = ? and base_url = ? and model = ?`,
    provider,
    baseUrl,
    model,
  )
}

/** Where an attempt stops to count as in flight, those that wait for its room may ask again at once. */
export function wakeWhenFreed(driver: Driver, attemptKey: number, from: Stage, to: Stage, now: number): void {
  const isOpen = (stage: Stage): boolean => (OPEN_STAGES as readonly Stage[]).includes(stage)
  if (isOpen(from) && !isOpen(to)) wakeWaiting(driver, attemptKey, now)
}

/** Has the batches that wait at an attempt's provider ask again at once. */
export function wakeWaiting(driver: Driver, attemptKey: number, now: number): void {
  const { provider, baseUrl } = queueOf(driver, attemptKey)
  driver.run(
    `update attempts set next_at = ?
     where stage in ('planned', 'uploaded') and reason_code = 'queue_full' and next_at > ?
       and batch in (select key from batches where provider = ? and base_url = ?)`,
    now,
    now,
    provider,
    baseUrl,
  )
}

/** Batches in flight that the run does not watch: those of other runs, and its own held ones. */
export function selectUnwatched(driver: Driver, runKey: number, queue: Queue, now: number): UnwatchedBatch[] {
  return driver.all<UnwatchedBatch>(
    `select a.key as "attemptKey", r.id as run, a.remote_id as "remoteId",
       coalesce(a.last_poll_at, a.submitted_at, a.created_at) as "lastPollAt"
     from attempts a join batches b on b.key = a.batch join runs r on r.key = b.run
     where b.provider = ? and b.base_url = ? and b.model = ? and a.remote_id is not null
       and (b.run <> ? or a.stage = 'held') and ${IN_FLIGHT}`,
    queue.provider,
    queue.baseUrl,
    queue.model,
    runKey,
    now,
  )
}

/** Remembers a look at a batch of another run, which goes on as if nobody had looked. */
export function updateUnwatched(driver: Driver, attemptKey: number, at: number, hasEnded: boolean): void {
  driver.run('update attempts set last_poll_at = ?, freed_at = ? where key = ?', at, hasEnded ? at : null, attemptKey)
  if (hasEnded) wakeWaiting(driver, attemptKey, at)
}

/** True while any batch at the base URL of the run waits for room. */
export function selectIsRoomWanted(driver: Driver, runKey: number): boolean {
  const waiting = driver.get<{ count: number }>(
    `select count(*) as count from attempts a join batches b on b.key = a.batch
     where a.stage = 'uploaded' and a.waiting_since is not null
       and b.base_url = (select definition ->> 'baseUrl' from runs where key = ?)`,
    runKey,
  )
  return (waiting?.count ?? 0) > 0
}

export function selectTokenRate(driver: Driver, queue: Queue, method: TokenMethod): number | null {
  return (
    driver.get<{ rate: number }>(
      `select actual / estimated as rate from token_rates
       where provider = ? and base_url = ? and model = ? and method = ?`,
      queue.provider,
      queue.baseUrl,
      queue.model,
      method,
    )?.rate ?? null
  )
}

/**
 * Learns from a collected batch what its estimate was worth. What was learnt before counts half, so that a model or a
 * kind of prompt that changes is followed within a few batches.
 */
export function calibrate(driver: Driver, attemptKey: number, at: number): void {
  driver.run(
    `insert into token_rates (provider, base_url, model, method, estimated, actual, at)
     select b.provider, b.base_url, b.model, b.token_method, b.tokens * 1.0 * n.count / b.request_count, n.tokens, ?
     from attempts a join batches b on b.key = a.batch
       join (select count(*) as count, sum(prompt_tokens) as tokens from results
             where attempt = ? and prompt_tokens is not null) n
     where a.key = ? and b.tokens > 0 and n.count > 0 and n.tokens > 0
     on conflict (provider, base_url, model, method) do update set
       estimated = token_rates.estimated / 2 + excluded.estimated,
       actual = token_rates.actual / 2 + excluded.actual, at = excluded.at`,
    at,
    attemptKey,
    attemptKey,
  )
}
