import { backoffMs } from '../lib/backoff.ts'
import { messageOf } from '../model/error.ts'
import type { Failure } from '../model/failure.ts'
import { unanswered } from '../model/failure.ts'
import { because, callFailed } from '../model/reason.ts'
import { MOVED, type Step, WAITED } from '../model/step.ts'
import {
  type BatchInput,
  type InputRef,
  NotCreated,
  ProviderError,
  type RemoteBatch,
  Unknown,
} from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { IntentFacts, IntentOpening, IntentRecord } from '../store/port/paid-call.ts'
import type { Wait } from '../store/port/queue.ts'
import { admit } from './admission.ts'
import { recordRemote } from './adopt.ts'
import { markerMetadata } from './markers.ts'
import { standBack } from './over-budget.ts'
import type { SubmitPorts } from './ports.ts'
import { spendingTerms } from './reserve.ts'
import { createInput } from './upload.ts'

/** Looks of the usual kind after which a batch that waits for room asks again, although no other batch has woken it. */
const RECHECK_POLLS = 4

/** Grows with changes to how adapters create, so that an old intent tells how it was sent. */
const ADAPTER_VERSION = 1

/**
 * The paid call: `uploaded -> creating -> submitted`, or `unconfirmed` where the answer tells nothing. The intent is
 * on disk before the one POST. The call is not aborted by an interrupt, because only its answer tells whether money
 * was spent; it has a total time limit of its own.
 */
export async function createBatch(ports: SubmitPorts, attempt: AttemptRecord): Promise<Step> {
  const input = await createInput(ports, attempt)
  const opening = await openIntent(ports, attempt)
  if (!opening.isOpen) {
    const { refusal } = opening
    if ('nextAt' in refusal) return await standBy(ports, attempt, refusal)
    // What it waits for now is money: it must not stand before others in the queue.
    if (attempt.waitingSince !== null) await ports.store.noteAttempt(attempt.key, { waitingSince: null })
    return await standBack(ports, attempt, refusal)
  }
  const { intent } = opening
  const answer = await sendCreate(ports, attempt, input)
  if (answer instanceof NotCreated) return await recordNotCreated(ports, attempt, intent, answer.failure)
  if (answer instanceof Unknown) return await recordUnknown(ports, attempt, intent, answer.failure)
  if (!isOurAnswer(ports, attempt, answer)) return await recordUnknown(ports, attempt, intent, NOT_OURS)
  await recordRemote(ports, attempt, intent, answer, 'created')
  return MOVED
}

/**
 * The same create once more, under an intent of its own, at a provider that makes no second batch for the same key: its
 * answer tells what became of the first one. No failure of it proves that the first one made nothing, so the attempt stays
 * in doubt, and what was set aside for it stays so.
 */
export async function repeatCreate(ports: SubmitPorts, attempt: AttemptRecord): Promise<void> {
  const { clock, store } = ports
  const input = await createInput(ports, attempt)
  const intent = await store.repeatIntent(attempt.key, factsOf(ports, attempt))
  const answer = await sendCreate(ports, attempt, input)
  if (!(answer instanceof ProviderError)) {
    await recordRemote(ports, attempt, intent, answer, 'created')
    return
  }
  const { failure } = answer
  const doubt = {
    failures: attempt.failures + 1,
    nextAt: clock.now() + laterMs(ports, attempt, failure),
    ...because({ kind: 'create_unknown', found: 'repeated', words: failure.message }),
  }
  const isRefused = answer instanceof NotCreated && failure.kind !== 'unreached'
  if (isRefused) await store.closeIntent(intent.key, 'unknown', 'held', { ...doubt, heldFrom: 'unconfirmed' })
  else await store.closeIntent(intent.key, 'unknown', 'unconfirmed', doubt)
}

/** Where nothing of ours is on a batch, the answer to our POST can only be believed. */
function isOurAnswer({ provider }: SubmitPorts, attempt: AttemptRecord, answer: RemoteBatch): boolean {
  const { recovery } = provider.abilities
  return recovery === 'counted' || recovery === 'key' || provider.isOurs(answer, attempt)
}

/** Writes the intent, if the provider's queue has room for the batch and the caps allow its cost. */
async function openIntent(ports: SubmitPorts, attempt: AttemptRecord): Promise<IntentOpening> {
  const { clock, provider, settings, store } = ports
  const limits = ports.queueLimitsOf(attempt.target)
  const recheckMs = Math.min(settings.waits.pollMs * RECHECK_POLLS, settings.waits.pollMostMs)
  const isCounted = provider.abilities.recovery === 'counted'
  const terms = { limits, model: attempt.target.model, now: clock.now(), recheckMs, isCounted }
  const facts = factsOf(ports, attempt)
  return await store.openIntent(attempt.key, facts, (queue) => admit(queue, terms), await spendingTerms(ports, attempt))
}

function factsOf({ account, clock, provider }: SubmitPorts, attempt: AttemptRecord): IntentFacts {
  return {
    at: clock.now(),
    baseUrl: provider.baseUrl,
    account,
    endpoint: attempt.target.endpoint,
    model: attempt.target.model,
    nonce: attempt.nonce,
    contentHash: attempt.contentHash,
    inputFileId: attempt.inputFileId,
    inputBytes: attempt.inputBytes,
    inputSha256: attempt.inputSha256,
    lineCount: attempt.requestCount,
    adapterVersion: ADAPTER_VERSION,
  }
}

/** A batch that the queue has no room for waits, uploaded, with its place among those that wait; or it is cut. */
async function standBy({ clock, store }: SubmitPorts, attempt: AttemptRecord, wait: Wait): Promise<Step> {
  if (wait.code === 'too_large') return { did: 'too_large_for_queue' }
  if (wait.code === 'count_in_doubt') return { did: 'same_count' }
  if (wait.code === 'count_held') {
    const reason = because({ kind: 'same_count', words: wait.words })
    await store.moveAttempt(attempt.key, 'uploaded', 'held', { heldFrom: 'uploaded', waitingSince: null, ...reason })
    return MOVED
  }
  await store.noteAttempt(attempt.key, {
    // Only in a queue there is a place to keep.
    waitingSince: wait.code === 'queue_full' ? (attempt.waitingSince ?? clock.now()) : attempt.waitingSince,
    nextAt: wait.nextAt,
    ...because({ kind: wait.code, words: wait.words }),
  })
  return WAITED
}

/** The one POST. An adapter that breaks its contract and throws something else has told nothing of its effect. */
async function sendCreate(
  { provider, windowHours }: SubmitPorts,
  attempt: AttemptRecord,
  input: InputRef | BatchInput,
): Promise<RemoteBatch | NotCreated | Unknown> {
  try {
    return await provider.create(
      { target: attempt.target, metadata: markerMetadata(attempt), windowHours },
      input,
      new AbortController().signal,
    )
  } catch (error) {
    if (error instanceof NotCreated || error instanceof Unknown) return error
    return new Unknown({ ...NOT_OURS, kind: 'transport', message: messageOf(error) }, error)
  }
}

/** An answer that is neither a refusal nor a batch of ours proves nothing; the list must tell (F35). */
export const NOT_OURS = unanswered('shape', 'the answer does not name the input file')

async function recordNotCreated(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  intent: IntentRecord,
  failure: Failure,
): Promise<Step> {
  const { clock, store } = ports
  const later = {
    failures: attempt.failures + 1,
    nextAt: clock.now() + laterMs(ports, attempt, failure),
    ...because(callFailed(failure)),
  }
  if (failure.kind === 'unauthorised' || failure.kind === 'forbidden') {
    await store.closeIntent(intent.key, 'not_created', 'uploaded', later)
    return { did: 'must_hold_run', reason: callFailed(failure) }
  }
  if (failure.kind === 'too_large') {
    await store.closeIntent(intent.key, 'not_created', 'uploaded', later)
    return { did: 'too_large' }
  }
  if (failure.kind === 'unreached' || isFileNotYetVisible(failure, attempt)) {
    await store.closeIntent(intent.key, 'not_created', 'uploaded', later)
    return WAITED
  }
  await store.closeIntent(intent.key, 'not_created', 'held', { ...later, heldFrom: 'uploaded' })
  return MOVED
}

/** Milliseconds until the create is tried again: what the provider asks for, else longer with each failure. */
function laterMs({ random, settings }: SubmitPorts, { failures }: AttemptRecord, { retryAfterMs }: Failure): number {
  return retryAfterMs ?? backoffMs(settings.waits.retryBackoff, failures, random.fraction())
}

/** Creates whose file was not found yet, before that is no longer taken for lag; at the default waits about 20 minutes. */
const UNSEEN_TRIES = 8

/**
 * True for the refusal of a file that was stored moments ago and that the create does not see yet (F25). Nothing was
 * created; after several tries, each after a longer wait, it is held with the provider's words.
 */
function isFileNotYetVisible(failure: Failure, { failures }: AttemptRecord): boolean {
  return failure.kind === 'absent' && failures < UNSEEN_TRIES
}

async function recordUnknown(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  intent: IntentRecord,
  failure: Failure,
): Promise<Step> {
  const { clock, emit, store } = ports
  const isThrottled = failure.kind === 'throttled'
  await store.closeIntent(intent.key, 'unknown', 'unconfirmed', {
    reconcileStep: 'first_listing',
    ...because(
      { kind: 'create_unknown', found: 'unanswered', words: failure.message },
      isThrottled ? 'throttled' : 'create_unknown',
    ),
    // Too many creates in a row are asked for ever less often (F32).
    failures: isThrottled ? attempt.failures + 1 : attempt.failures,
    nextAt: clock.now() + (isThrottled ? laterMs(ports, attempt, failure) : 0),
  })
  emit({
    type: 'warning',
    code: 'create_unknown',
    message: `it is unknown whether batch ${attempt.batch} was created; looking for it at ${ports.provider.name}`,
    batch: attempt.batch,
  })
  return MOVED
}
