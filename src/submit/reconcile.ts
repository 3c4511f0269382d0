import { backoffMs } from '../lib/backoff.ts'
import { because, NO_REASON, namedBatches, type Reason, type ReasonCode, type Undecided } from '../model/reason.ts'
import type { Round } from '../model/round.ts'
import type { Listing, RemoteBatch } from '../providers/provider.ts'
import type { AttemptRecord, ReconcileStep } from '../store/port/attempt.ts'
import type { IntentRecord } from '../store/port/paid-call.ts'
import { matchesOf, recordRemote } from './adopt.ts'
import { CLOCK_SKEW_MS } from './clock-skew.ts'
import { candidatesFor } from './counted.ts'
import { repeatCreate } from './create.ts'
import type { SubmitPorts } from './ports.ts'
import { renewInput } from './renew.ts'

/**
 * Finds out what became of creates whose answer is unknown, all of them with one listing. Presence is proof and is
 * adopted at once; absence needs two conclusive listings a settle wait apart, then the fence (the input file is
 * deleted, so that a late create has nothing to run), and a third listing after another wait. Waits are instants in
 * the store, so a restart or `tick` goes on where this stopped. Until something is proved, nothing is bought.
 */
export async function reconcile(ports: SubmitPorts, attempts: readonly AttemptRecord[], round: Round): Promise<void> {
  const cases = await Promise.all(
    attempts.map(async (attempt) => ({ attempt, intent: await openIntentOf(ports, attempt) })),
  )
  const earliest = Math.min(...cases.map(({ intent }) => intent.at))
  const listing = await ports.provider.list(new Date(earliest - CLOCK_SKEW_MS), round.signal)
  for (const { attempt, intent } of cases) await decide(ports, attempt, intent, listing, round)
}

/** The intent whose POST is in question: the newest one; an attempt has at most one that is open. */
async function openIntentOf(ports: SubmitPorts, attempt: AttemptRecord): Promise<IntentRecord> {
  const intent = (await ports.store.intents(attempt.key)).at(-1)
  if (!intent) throw new Error(`attempt ${attempt.key} is unconfirmed and has no intent`)
  return intent
}

async function decide(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  intent: IntentRecord,
  listing: Listing,
  round: Round,
): Promise<void> {
  const [found] = matchesOf(ports.provider, attempt, listing.batches)
  if (found) return await recordRemote(ports, attempt, intent, found, 'adopted')
  if (ports.provider.abilities.recovery === 'key') return await askByKey(ports, attempt, round)
  if (ports.provider.abilities.recovery === 'counted') return await unmarked(ports, attempt, intent, listing, round)
  if (!listing.isConclusive) return await inDoubt(ports, attempt, listing)
  await absent(ports, attempt, intent, round)
}

/**
 * A create with an idempotency key is repeated, for as long as that makes no second batch: its answer tells of the first
 * one. Later, and where the user has cancelled the run, a person decides.
 */
async function askByKey(ports: SubmitPorts, attempt: AttemptRecord, round: Round): Promise<void> {
  const { clock, provider, settings, store } = ports
  const [first] = await store.intents(attempt.key)
  const keptUntil = (first?.at ?? 0) + (provider.abilities.keyKeptMs ?? 0)
  const isKept = clock.now() + settings.waits.httpMs < keptUntil
  if (isKept && !round.cancelledBy()) return await repeatCreate(ports, attempt)
  if (ports.onUnknownCreate !== 'resend') return await hold(ports, attempt, undecidable(ports, attempt, round))
  if (attempt.reconcileStep !== 'unfenced') return await next(ports, attempt, 'unfenced', settings.waits.unfencedMs)
  await startAgain(ports, attempt, round, { mayBeBilled: true })
}

/**
 * A create whose batch carries no mark of ours. One that is like it is waited for, until its answers tell whose it is.
 * Where two conclusive listings, far enough apart, show none, the create is held for a person: it is never sent again by
 * itself, because nothing makes a late create harmless.
 */
async function unmarked(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  intent: IntentRecord,
  listing: Listing,
  round: Round,
): Promise<void> {
  const { settings, store } = ports
  const found = await candidatesFor(ports, attempt, intent, listing.batches, round.signal)
  if (found.kind === 'ours') return await recordRemote(ports, attempt, intent, found.batch, 'adopted')
  if (!listing.isConclusive) return await inDoubt(ports, attempt, listing)
  if (found.kind === 'at_work') return await waitForAnswers(ports, attempt, found.batches)
  if (attempt.reasonCode === 'throttled' && found.mute.length === 0) {
    if (attempt.reconcileStep !== 'second_listing') {
      return await next(ports, attempt, 'second_listing', settings.waits.settleMs)
    }
    await store.closeIntent(intent.key, 'proved_absent', 'uploaded', waiting(ports, attempt, 0, null))
    return
  }
  if (attempt.reconcileStep !== 'unfenced') return await next(ports, attempt, 'unfenced', settings.waits.unfencedMs)
  if (ports.onUnknownCreate === 'resend' && areNamed(attempt, found.mute)) {
    return await startAgain(ports, attempt, round, { mayBeBilled: true })
  }
  await hold(ports, attempt, undecidable(ports, attempt, round, found.mute))
}

/** Whether a person was told of each of these batches: a decision is not about one that has come up since. */
function areNamed({ reason }: AttemptRecord, mute: readonly RemoteBatch[]): boolean {
  const named = namedBatches(reason)
  return mute.every(({ id }) => named.includes(id))
}

/** Nothing is bought, and nothing done to these batches, until they have ended. */
async function waitForAnswers(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  batches: readonly RemoteBatch[],
): Promise<void> {
  const reason: Reason = { kind: 'create_unknown', found: 'likely', remoteIds: batches.map(({ id }) => id) }
  await ports.store.noteAttempt(attempt.key, {
    ...waiting(ports, attempt, ports.settings.waits.pollMostMs, reason),
    reconcileStep: 'tentative',
  })
}

/** A listing that proves nothing is asked for again; a person must help where the provider refuses it. */
async function inDoubt(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  { failure, reason }: Extract<Listing, { readonly isConclusive: false }>,
): Promise<void> {
  if (failure?.kind !== 'refused') {
    return await again(ports, attempt, { kind: 'create_unknown', found: 'listing_inconclusive', doubt: reason })
  }
  const { name: provider } = ports.provider
  const refused: Reason = { kind: 'create_unknown', found: 'listing_refused', provider, doubt: reason }
  // Its own reason code stays, because the steps that follow a resume go by it.
  await hold(ports, attempt, refused, attempt.reasonCode ?? 'create_unknown')
}

/** One conclusive listing without the batch: what it proves depends on how far we have come. */
async function absent(ports: SubmitPorts, attempt: AttemptRecord, intent: IntentRecord, round: Round): Promise<void> {
  const { settings, store } = ports
  const { signal } = round
  const step = attempt.reconcileStep ?? 'first_listing'
  switch (step) {
    case 'first_listing':
      if (!(await isControlSeen(ports, attempt, signal))) return await again(ports, attempt, CONTROL_UNSEEN)
      return await next(ports, attempt, 'second_listing', settings.waits.settleMs)
    case 'second_listing':
      if (!(await isControlSeen(ports, attempt, signal))) return await again(ports, attempt, CONTROL_UNSEEN)
      if (attempt.reasonCode === 'throttled') {
        // A 429 proves that the create was not accepted: it needs no fence, and the upload can be used again.
        await store.closeIntent(intent.key, 'proved_absent', 'uploaded', waiting(ports, attempt, 0, null))
        return
      }
      return await fence(ports, attempt, signal)
    case 'fence':
      return await fence(ports, attempt, signal)
    case 'third_listing':
      return await startAgain(ports, attempt, round, { mayBeBilled: false })
    case 'tentative':
    case 'unfenced':
      // A cancellation proves nothing: a batch that may exist and cost money is held and named, not forgotten.
      if (ports.onUnknownCreate === 'resend') {
        return await startAgain(ports, attempt, round, { mayBeBilled: true })
      }
      return await hold(ports, attempt, undecidable(ports, attempt, round))
    default:
      return step satisfies never
  }
}

/** Attempts of one batch whose creates all vanished; more of the same would not help. */
const MOST_ATTEMPTS = 5

const CONTROL_UNSEEN: Reason = { kind: 'create_unknown', found: 'listing_of_another_account' }

/** Something known to exist must be seen, or the listing may be true of another account. */
async function isControlSeen(ports: SubmitPorts, attempt: AttemptRecord, signal: AbortSignal): Promise<boolean> {
  const { provider } = ports
  if (!provider.file || attempt.inputFileId === null) return true
  return (await provider.file(attempt.inputFileId, signal)) !== 'absent'
}

/**
 * Deletes the attempt's input file and confirms it gone. Only after the second listing: earlier, it could kill a batch
 * that lives and is merely not listed yet. Where nothing is known to stop a late create, this would prove nothing.
 */
async function fence(ports: SubmitPorts, attempt: AttemptRecord, signal: AbortSignal): Promise<void> {
  const { provider, settings, store } = ports
  if (provider.abilities.recovery === 'unfenced') {
    return await next(ports, attempt, 'unfenced', settings.waits.unfencedMs)
  }
  // From here on our own file may be gone, and no later look may take that for a listing of another account.
  await store.noteAttempt(attempt.key, { reconcileStep: 'fence' })
  const isGone =
    provider.discard !== undefined &&
    provider.file !== undefined &&
    attempt.inputFileId !== null &&
    (await provider.discard(attempt.inputFileId, signal)) === 'gone' &&
    (await provider.file(attempt.inputFileId, signal)) === 'absent'
  if (isGone) return await next(ports, attempt, 'third_listing', settings.waits.settleMs)
  await next(ports, attempt, 'unfenced', settings.waits.unfencedMs)
}

async function next(ports: SubmitPorts, attempt: AttemptRecord, step: ReconcileStep, waitMs: number): Promise<void> {
  await ports.store.noteAttempt(attempt.key, {
    ...waiting(ports, attempt, waitMs, { kind: 'create_unknown', found: 'not_listed', waitMs }),
    // Creates that are throttled again and again are asked for ever less often.
    failures: attempt.reasonCode === 'throttled' ? attempt.failures : 0,
    reconcileStep: step,
  })
}

/** The same step once more, after a growing wait: an inconclusive listing proves nothing. */
async function again(ports: SubmitPorts, attempt: AttemptRecord, reason: Reason): Promise<void> {
  const waitMs = backoffMs(ports.settings.waits.retryBackoff, attempt.failures, ports.random.fraction())
  await ports.store.noteAttempt(attempt.key, {
    ...waiting(ports, attempt, waitMs, reason),
    failures: attempt.failures + 1,
  })
}

function waiting(ports: SubmitPorts, attempt: AttemptRecord, waitMs: number, reason: Reason | null) {
  return {
    nextAt: ports.clock.now() + waitMs,
    ...(reason === null ? NO_REASON : because(reason, attempt.reasonCode ?? 'create_unknown')),
  }
}

/** Proved absent (or decided so by the user): a new attempt with a new upload and a new nonce. */
async function startAgain(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  round: Round,
  { mayBeBilled }: { readonly mayBeBilled: boolean },
): Promise<void> {
  if (round.cancelledBy() !== null) return await ports.store.releaseAttempt(attempt.key, 'unconfirmed', { mayBeBilled })
  if (attempt.number >= MOST_ATTEMPTS && attempt.reasonCode !== 'creates_let_go_on') {
    return await hold(ports, attempt, { kind: 'creates_vanished', creates: attempt.number })
  }
  const renewed = await renewInput(ports, attempt)
  await ports.store.replaceAttempt({
    key: attempt.key,
    from: 'unconfirmed',
    to: 'abandoned',
    next: renewed,
    mayBeBilled,
  })
}

function undecidable(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  round: Round,
  mute: readonly RemoteBatch[] = [],
): Reason {
  return {
    kind: 'create_unknown',
    found: 'undecidable',
    why: whyUndecided(ports, attempt, mute),
    requests: attempt.requestCount,
    cost: ports.costAtRisk(attempt),
    isCancelling: round.cancelledBy() !== null,
  }
}

function whyUndecided(
  { provider }: SubmitPorts,
  { inputFileId }: AttemptRecord,
  mute: readonly RemoteBatch[],
): Undecided {
  const { abilities, name } = provider
  if (abilities.recovery === 'key') return { is: 'key_forgotten', provider: name }
  if (abilities.recovery === 'counted') return { is: 'unmarked', provider: name, mute: mute.map(({ id }) => id) }
  if (abilities.recovery === 'unfenced') return { is: 'unstoppable', provider: name }
  return { is: inputFileId === null ? 'without_input' : 'unfenced' }
}

async function hold(
  ports: SubmitPorts,
  attempt: AttemptRecord,
  reason: Reason,
  code: ReasonCode = reason.kind,
): Promise<void> {
  await ports.store.moveAttempt(attempt.key, 'unconfirmed', 'held', {
    heldFrom: 'unconfirmed',
    ...because(reason, code),
  })
}
