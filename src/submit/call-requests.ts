import pLimit from 'p-limit'
import { writeAtomically } from '../lib/atomic-file.ts'
import { backoffMs } from '../lib/backoff.ts'
import { splitLines } from '../lib/jsonl.ts'
import { bodyOf } from '../log/frozen-line.ts'
import { RunLog } from '../log/run-log.ts'
import { wireId, wirePrefix } from '../model/ids.ts'
import type { Outcome } from '../model/outcome.ts'
import { resultStem } from '../model/result-ref.ts'
import type { Round } from '../model/round.ts'
import { MOVED, type Step, WAITED } from '../model/step.ts'
import { type Failure, type FailureKind, ProviderError } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { CallAnswer } from '../store/port/paid-call.ts'
import type { SubmitPorts } from './ports.ts'

type Ports = Pick<SubmitPorts, 'clock' | 'disk' | 'emit' | 'folder' | 'provider' | 'random' | 'settings' | 'store'>

/** Failures that say that the request was not executed: the call may be made again. */
const NOT_MADE: readonly FailureKind[] = ['unreached', 'throttled', 'unauthorised', 'forbidden']

/**
 * Sends the requests of a direct batch in synchronous calls: `planned -> calling -> ended`. Each call has its intent,
 * committed before, and is made once; what it is answered with is committed at once. A call that may have been executed
 * without an answer (a lost connection, a 5xx, a process that died) ends the calling: its request is in doubt and never
 * sent again by itself, and those that were not called yet go into batches. A call that was certainly not executed is
 * thrown, and made again with the next step. No call is begun once the run is cancelled. May be repeated from any point.
 * In a tail there are no batches to come: after a call in doubt the others are called with a later step, and after several
 * the run is held.
 */
export async function callRequests(ports: Ports, attempt: AttemptRecord, round: Round): Promise<Step> {
  const { store } = ports
  if (attempt.stage === 'planned') await store.moveAttempt(attempt.key, 'planned', 'calling')
  for (const call of await store.calls(attempt.key)) {
    // The process that sent this request is gone.
    if (call.answer === null) await store.closeCall(call.key, 'unknown', null)
  }
  const calling = new Calling(ports, attempt, round)
  const before = await doubtsOf(ports, attempt)
  const first = (await calling.waiting()).slice(0, 1)
  // One alone: where it goes wrong, the others are not in doubt.
  try {
    await calling.call(first)
    await calling.call(await calling.waiting())
  } catch (error) {
    if (attempt.kind !== 'tail' || !calling.hasAnswer || !isThrottled(error)) throw error
    return await callOnSoon(ports, attempt, error.failure)
  }
  if ((await calling.waiting()).length > 0) {
    if (round.signal.aborted) return WAITED
    if (attempt.kind === 'tail') return await pauseTail(ports, attempt, calling.accountProblem, before)
  }
  const stem = resultStem(attempt.key, store.fence)
  await writeAnswers(ports, attempt, stem)
  await store.endCalls(attempt.key, stem)
  return MOVED
}

/** Calls in doubt of one batch of a tail; each time so many more are, a person must look. */
const DOUBTS_TO_HOLD = 5

/** What waits after a call in doubt, or one that the account cannot pay for, is not called at once. */
async function pauseTail(
  ports: Ports,
  attempt: AttemptRecord,
  accountProblem: Outcome | undefined,
  before: number,
): Promise<Step> {
  const { clock, provider, random, settings, store } = ports
  if (accountProblem !== undefined) {
    const { code, reason } = accountProblem
    return { did: 'must_hold_run', reason: { kind: 'account_problem', words: reason ?? code ?? 'account problem' } }
  }
  const doubts = await doubtsOf(ports, attempt)
  if (Math.floor(doubts / DOUBTS_TO_HOLD) > Math.floor(before / DOUBTS_TO_HOLD)) {
    return { did: 'must_hold_run', reason: { kind: 'calls_unclear', calls: doubts, provider: provider.name } }
  }
  await store.noteAttempt(attempt.key, {
    failures: attempt.failures + 1,
    nextAt: clock.now() + backoffMs(settings.waits.retryBackoff, attempt.failures, random.fraction()),
  })
  return WAITED
}

/** Calls were answered before one was too many: that is a limit of speed, and no reason for ever longer waits. */
async function callOnSoon({ clock, settings, store }: Ports, { key }: AttemptRecord, failure: Failure): Promise<Step> {
  const waitMs = failure.retryAfterMs ?? settings.waits.retryBackoff.firstMs
  await store.noteAttempt(key, { failures: 0, nextAt: clock.now() + waitMs })
  return WAITED
}

function isThrottled(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.failure.kind === 'throttled'
}

async function doubtsOf({ store }: Ports, { key }: AttemptRecord): Promise<number> {
  return (await store.calls(key)).filter(({ answer }) => answer === 'unknown').length
}

/** A request with the body that its frozen line has. */
interface DirectRequest {
  readonly ordinal: number
  readonly body: string
}

/** The requests of a direct batch, which are few. */
async function readRequests(ports: Ports, { batchKey, inputName }: AttemptRecord): Promise<readonly DirectRequest[]> {
  const { disk, folder, store } = ports
  const plan = await new RunLog(ports).planOf(await store.batch(batchKey))
  const requests: DirectRequest[] = []
  for await (const lines of splitLines(disk.stream(folder.input(inputName)))) {
    for (const { bytes } of lines) requests.push({ ordinal: plan.ordinalAt(requests.length), body: bodyOf(bytes) })
  }
  return requests
}

class Calling {
  readonly #ports: Ports
  readonly #attempt: AttemptRecord
  readonly #round: Round
  #requests: readonly DirectRequest[] | undefined
  #failure: unknown
  /** An answer that says that the account cannot pay; of a tail, nothing more is called then. */
  accountProblem: Outcome | undefined
  /** True once a call of this step was answered. */
  hasAnswer = false

  constructor(ports: Ports, attempt: AttemptRecord, round: Round) {
    this.#ports = ports
    this.#attempt = attempt
    this.#round = round
  }

  /**
   * The requests that are still to be called; none once the run is being cancelled, nor those of a canary once a call is in
   * doubt. What is in doubt itself is never called again.
   */
  async waiting(): Promise<readonly DirectRequest[]> {
    const { settings, store } = this.#ports
    const calls = await store.calls(this.#attempt.key)
    const isDone = !this.#isTail && (!settings.canary.isOn || calls.some(({ answer }) => answer === 'unknown'))
    if (this.#isCancelled() || isDone) return []
    const called = new Set(calls.filter(({ answer }) => answer !== 'not_made').map(({ ordinal }) => ordinal))
    this.#requests ??= await readRequests(this.#ports, this.#attempt)
    return this.#requests.filter(({ ordinal }) => !called.has(ordinal))
  }

  get #isTail(): boolean {
    return this.#attempt.kind === 'tail'
  }

  /** Calls these, several at once. Throws what a call that was not executed has thrown, after all have ended. */
  async call(requests: readonly DirectRequest[]): Promise<void> {
    const { settings } = this.#ports
    await pLimit(settings.maxTransfers).map(requests, async (request) => {
      const isStopping = this.#failure !== undefined || this.accountProblem !== undefined
      if (!isStopping && !this.#round.signal.aborted && !this.#isCancelled()) await this.#callOne(request)
    })
    // Nothing more is called once the run is cancelled, so there is nothing to wait for.
    if (this.#failure !== undefined && !isInDoubt(this.#failure) && !this.#isCancelled()) throw this.#failure
  }

  /** An interrupt does not end a call: only its answer tells what was bought. */
  async #callOne({ body, ordinal }: DirectRequest): Promise<void> {
    const { provider, store } = this.#ports
    const { nonce, target } = this.#attempt
    const id = wireId(wirePrefix(nonce), ordinal)
    const key = await store.openCall(this.#attempt.key, ordinal)
    try {
      const { line, outcome } = await provider.direct({ wireId: id, target, body }, new AbortController().signal)
      await store.closeCall(key, 'answered', line)
      this.hasAnswer = true
      if (this.#isTail && outcome.accountProblem) this.accountProblem ??= outcome
    } catch (error) {
      this.#failure ??= error
      await store.closeCall(key, answerOf(error), null)
      if (isInDoubt(error)) this.#warn(error)
    }
  }

  #isCancelled(): boolean {
    return this.#round.cancelledBy() !== null
  }

  #warn(error: unknown): void {
    const { batch } = this.#attempt
    const why = error instanceof Error ? error.message : String(error)
    const message = `a row asked directly was not answered clearly and is not sent again: ${why}`
    this.#ports.emit({ type: 'warning', code: 'call_unknown', message, batch })
  }
}

function answerOf(error: unknown): CallAnswer {
  return isInDoubt(error) ? 'unknown' : 'not_made'
}

/** Anything that is not certain counts as executed, because a request that is sent twice is paid twice. */
function isInDoubt(error: unknown): boolean {
  return !(error instanceof ProviderError && NOT_MADE.includes(error.failure.kind))
}

/** The answers as a result file, in the order of the requests: from here on they are read like any batch's. */
async function writeAnswers({ disk, folder, store }: Ports, attempt: AttemptRecord, stem: string): Promise<void> {
  const calls = (await store.calls(attempt.key)).toSorted((one, other) => one.ordinal - other.ordinal)
  await writeAtomically(disk, folder.result(stem, 'output'), async (writer) => {
    for (const { line } of calls) if (line !== null) await writer.writeText(`${line}\n`)
  })
}
