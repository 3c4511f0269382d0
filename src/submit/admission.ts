import { DAY_MS } from '../lib/duration.ts'
import { grouped } from '../lib/number.ts'
import type { Admission, QueueBelief, QueueLoad, QueueState, Wait } from '../store/port/queue.ts'

/** Limits of the load that may wait at the provider for one model; null where neither provider nor user sets a limit. */
export interface QueueLimits {
  /** Input tokens. */
  readonly tokens: number | null
  readonly requests: number | null
  /** Whether the requests of all models of an account count together. */
  readonly requestsPer: 'model' | 'account'
}

/** Terms of an admission besides the queue. */
export interface AdmissionTerms {
  readonly limits: QueueLimits
  /** Named in messages. */
  readonly model: string
  readonly now: number
  /** How long to wait before asking again where no other batch wakes this one. */
  readonly recheckMs: number
  /** Whether batches are told apart by their number of requests alone. @default false */
  readonly isCounted?: boolean
}

/**
 * Batches that fill a queue together. One batch as large as the queue would leave it empty from its end to the next
 * create; many small ones end one by one, and what waits moves up. More gains little and makes more calls.
 */
const BATCHES_PER_QUEUE = 8

/** A batch larger than so many shares is cut again, because it fits badly beside others. */
const MOST_SHARES = 1.5

/** What is left free of a limit because tokens are estimated: a little where collected batches have calibrated. */
const CALIBRATED_MARGIN = 0.03
const FIRST_MARGIN = 0.12

/** How long after its time a batch that waits keeps its place, although the process that drives it does not ask. */
const PLACE_KEPT_MS = 60_000

/** How long a limit that was read from a refusal is believed: limits grow with the months an account has paid. */
export const BELIEVED_MS = 7 * DAY_MS

/** Refusals in a row, with nothing of ours in flight, after which a person must look. */
const HOPELESS_REFUSALS = 12

/** The part of a limit that one batch should take. */
export function batchShare(limit: number): number {
  return Math.max(1, Math.floor((limit * (1 - CALIBRATED_MARGIN)) / BATCHES_PER_QUEUE))
}

/** The limits in force once refusals have taught something: the smaller number counts. */
export function believedLimits(limits: QueueLimits, belief: QueueBelief | null, now: number): QueueLimits {
  const tokens = belief?.tokens ?? null
  if (tokens === null || now - (belief?.learntAt ?? now) > BELIEVED_MS) return limits
  return { ...limits, tokens: Math.min(limits.tokens ?? tokens, tokens) }
}

/**
 * Whether a batch may be created now: never above a limit, in turn with the batches of all runs, and one at a time
 * while the queue is in doubt. Pure; asked in the transaction that also moves the batch, so that two processes can never
 * take the same room.
 */
export function admit(queue: QueueState, terms: AdmissionTerms): Admission {
  const twin = terms.isCounted === true ? sameCount(queue, terms) : null
  if (twin) return { isAdmitted: false, wait: twin }
  const limits = believedLimits(terms.limits, queue.belief, terms.now)
  if (isOversized(queue.batch, limits)) return { isAdmitted: false, wait: tooLarge(queue, limits, terms) }
  const again = terms.now + terms.recheckMs
  const waits = (words: string, nextAt = again): Admission => ({
    isAdmitted: false,
    wait: { code: 'queue_full', words, nextAt },
  })
  // A batch waits until the next question at most; a later instant is of a clock that was set back since.
  const latest = Math.max(terms.now, queue.belief?.tryAt ?? 0) + Math.max(terms.recheckMs, PLACE_KEPT_MS)
  if (queue.ahead.some(({ nextAt }) => nextAt + PLACE_KEPT_MS > terms.now && nextAt <= latest)) {
    return waits(`another batch for ${terms.model} goes first; ${loadText(queue, limits)}`)
  }
  const doubt = doubtOf(queue, terms)
  if (doubt) return waits(doubt.reason, Math.max(again, doubt.until))
  const isRoom = hasTokenRoom(queue, limits) && hasRequestRoom(queue, limits)
  return isRoom ? { isAdmitted: true } : waits(loadText(queue, limits))
}

/** What becomes of a batch that was refused for want of room. */
export function afterRefusal(
  batch: QueueLoad,
  belief: QueueBelief,
  limits: QueueLimits,
  now: number,
): 'split' | 'wait' | 'hold' {
  if (isOversized(batch, believedLimits(limits, belief, now))) return 'split'
  const { refusalsAlone } = belief
  // Counting in twelves lets a person who has resumed see as many tries again.
  return refusalsAlone > 0 && refusalsAlone % HOPELESS_REFUSALS === 0 ? 'hold' : 'wait'
}

/** True where a batch must be cut. One request alone cannot be. */
function isOversized({ tokens, requests }: QueueLoad, limits: QueueLimits): boolean {
  if (requests < 2) return false
  const isOver = (size: number, limit: number | null): boolean =>
    limit !== null && size > batchShare(limit) * MOST_SHARES
  // Of a queue of a few requests, a share may be less than one; then all of it may be one batch.
  return isOver(tokens, limits.tokens) || (limits.requests !== null && requests > limits.requests)
}

/** Why the queue must not be tried now, after a refusal that its believed limit does not explain. */
function doubtOf({ belief, inFlight }: QueueState, terms: AdmissionTerms) {
  if (!belief?.isInDoubt) return undefined
  if (belief.hasProber) {
    return { reason: `one batch for ${terms.model} tries whether there is room again`, until: 0 }
  }
  // Less in flight than at the refusal is room that was not there then.
  if (inFlight.tokens < belief.tokensInFlight || terms.now >= belief.tryAt) return undefined
  const times = belief.refusals === 1 ? 'once' : `${belief.refusals} times in a row`
  return { reason: `the queue of ${terms.model} was full ${times}`, until: belief.tryAt }
}

/** Two creates without an answer that have the same number of requests could never be told apart in a list. */
function sameCount({ batch, unanswered }: QueueState, { now, recheckMs }: AdmissionTerms): Wait | null {
  const twins = unanswered.filter(({ requests }) => requests === batch.requests)
  if (twins.length === 0) return null
  const sent = `another batch of ${batch.requests === 1 ? '1 request' : count(batch.requests, 'requests')} was sent`
  const wait = { words: `${sent} and not answered for yet`, nextAt: now + recheckMs }
  if (batch.requests > 1)
    return { ...wait, code: twins.some(({ isInDoubt }) => isInDoubt) ? 'count_in_doubt' : 'same_count' }
  if (!twins.some(({ isHeld }) => isHeld)) return { ...wait, code: 'same_count' }
  return {
    ...wait,
    code: 'count_held',
    words: `${sent} and is held; decide about that one first`,
  }
}

function hasTokenRoom({ batch, inFlight, isCalibrated }: QueueState, limits: QueueLimits): boolean {
  if (limits.tokens === null) return true
  const usable = limits.tokens * (1 - (isCalibrated ? CALIBRATED_MARGIN : FIRST_MARGIN))
  // One request that seems larger than the queue is tried when nothing else is there: it may be an estimate's error.
  return inFlight.tokens + batch.tokens <= usable || (inFlight.requests === 0 && batch.requests === 1)
}

function hasRequestRoom(
  { accountRequests, batch, inFlight }: QueueState,
  { requests, requestsPer }: QueueLimits,
): boolean {
  if (requests === null) return true
  return (requestsPer === 'account' ? accountRequests : inFlight.requests) + batch.requests <= requests
}

function tooLarge(queue: QueueState, limits: QueueLimits, { model, now }: AdmissionTerms) {
  const [size, limit] =
    limits.requests !== null && queue.batch.requests > limits.requests
      ? [count(queue.batch.requests, 'requests'), limits.requests]
      : [`about ${count(queue.batch.tokens, 'tokens')}`, limits.tokens ?? 0]
  const words = `a batch of ${size} is too large a part of the ${count(limit)} that may wait for ${model}`
  return { code: 'too_large' as const, words, nextAt: now }
}

/** Such as `1,800,000 of 2,000,000 input tokens are taken, this batch needs about 250,000`. */
function loadText({ accountRequests, batch, inFlight }: QueueState, limits: QueueLimits): string {
  const parts: string[] = []
  if (limits.tokens !== null) {
    parts.push(
      `about ${count(inFlight.tokens)} of ${count(limits.tokens)} input tokens are taken, this batch needs ${count(batch.tokens)}`,
    )
  }
  const requests = limits.requestsPer === 'account' ? accountRequests : inFlight.requests
  if (limits.requests !== null && (limits.tokens === null || requests + batch.requests > limits.requests)) {
    parts.push(
      `${count(requests)} of ${count(limits.requests)} requests are taken, this batch has ${count(batch.requests)}`,
    )
  }
  return parts.join('; ')
}

function count(value: number, noun?: string): string {
  const text = grouped(value)
  return noun === undefined ? text : `${text} ${noun}`
}
