import { setMaxListeners } from 'node:events'
import { OPEN_STAGES } from '../model/attempt.ts'
import { ProviderError } from '../providers/provider.ts'
import type { AttemptRecord, RunRecord } from '../store/store.ts'
import { auditCreates } from '../submit/audit.ts'
import { reconcile } from '../submit/reconcile.ts'
import type { RunContext } from '../workspace/context.ts'
import { emitBatch } from '../workspace/events.ts'
import { ADVANCING, advance } from './advance.ts'
import { cancelRemote, enterCancelling } from './cancel.ts'
import { ClockWatch, restartWaits } from './clock-jumps.ts'
import { conclude, isActive } from './conclude.ts'
import { heedDeadline } from './deadline.ts'
import { type FlightKind, Flights } from './flights.ts'
import { ForeignQueueWatch } from './foreign-queue.ts'
import { type Gate, gateOf, waitsAtGate } from './gate.ts'
import { holdDuplicateWork } from './preflight.ts'
import { mustReask, reask } from './reask.ts'
import { lookSoon } from './recover.ts'
import { replan, splitAttempt } from './replan.ts'
import { Room } from './room.ts'
import { diskRefusal, setBack } from './setback.ts'

/**
 * When driving a run ends: when it is finished (or held), when nothing is left to submit, or when nothing is due now.
 */
export type Until = 'finished' | 'submitted' | 'round'

/** Longest pause between two looks at the store, so that a cancellation from elsewhere is noticed. */
const LONGEST_PAUSE_MS = 1_000

/** The names of the two steps that serve many batches with one listing. */
const RECONCILE = 'reconcile'
const AUDIT = 'audit'

/** The name of the step that looks at batches of other runs. */
const FOREIGN_QUEUES = 'foreign queues'

/**
 * Drives one run: takes every batch that is due one step further, several at once, until there is nothing left to do.
 * All state is in the store, so it may be stopped anywhere and called again. The caller holds the run's lock.
 */
export class Driving {
  readonly #context: RunContext
  readonly #until: Until
  readonly #signal: AbortSignal
  readonly #flights: Flights
  readonly #foreignQueues: ForeignQueueWatch
  readonly #clockWatch: ClockWatch
  /** Attempts to be cut; done between steps, because planning must never happen twice at once. */
  readonly #tooLarge: AttemptRecord[] = []
  /** Not before this instant is another audit tried while there is something to wait for. */
  #nextAuditAt = 0
  /** Since when audits have proved nothing; after a settle wait of that, a run ends without one. */
  #auditsFailSince: number | undefined
  /** When driving ends although the provider has not answered yet: at a deadline that was still to come at the start. */
  #endsAt: number | undefined
  /** Why the run must stop, once a step has said so. */
  #holdReason: string | null = null

  constructor(context: RunContext, until: Until, signal: AbortSignal) {
    this.#context = context
    this.#until = until
    this.#signal = signal
    this.#flights = new Flights(context.settings.maxTransfers)
    // Every step under way listens to it, and there may be more than the ten that Node warns of.
    setMaxListeners(0, signal)
    this.#foreignQueues = new ForeignQueueWatch(context)
    this.#clockWatch = new ClockWatch(context.clock)
  }

  /** Returns the run as it stands when driving ends. Throws what concerns the whole run, such as another writer. */
  async toEnd(): Promise<RunRecord> {
    try {
      while (await this.#goRound());
    } catch (error) {
      this.#flights.failure ??= error
    }
    // Whatever stopped it: a step that is under way may be a create, and must be heard to its end.
    await this.#flights.all()
    const { failure } = this.#flights
    const holdReason = this.#holdReason ?? diskRefusal(failure)
    if (failure !== undefined && diskRefusal(failure) === null) throw failure
    return await conclude(this.#context, { isStopped: this.#signal.aborted, holdReason })
  }

  /** Plans, starts what is due and waits for something to happen; false once driving is over. */
  async #goRound(): Promise<boolean> {
    const run = await this.#noticeCancelling()
    if (this.#isStopping() || this.#isTimeUp(run)) return false
    await this.#plan()
    await this.#noticeClock()
    const attempts = await this.#context.store.currentAttempts()
    this.#context.isShortOfRoom = await this.#context.store.isRoomWanted()
    const gate: Gate = this.#context.isCancelling ? { isOpen: true } : gateOf(run, attempts)
    this.#launch(attempts, gate)
    this.#launchAudit(attempts, await this.#everMade(attempts))
    if (this.#flights.count === 0 && (await this.#isOver(attempts, gate))) return false
    await this.#pause(attempts)
    return true
  }

  /** Puts what waits for it into batches; after a cancellation nothing is sent, and so nothing planned. */
  async #plan(): Promise<void> {
    const tooLarge = this.#tooLarge.splice(0)
    if (this.#context.isCancelling) return
    for (const attempt of tooLarge) await splitAttempt(this.#context, attempt)
    const hasNew = await this.#context.store.hasPending()
    await replan(this.#context)
    const hasAsked = await reask(this.#context)
    if (hasNew || hasAsked || tooLarge.length > 0) await holdDuplicateWork(this.#context, this.#signal)
  }

  /** A laptop that has slept, or a clock that was set, must not make anyone act on what was believed before. */
  async #noticeClock(): Promise<void> {
    if (!this.#clockWatch.hasJumped()) return
    await restartWaits(this.#context)
    this.#nextAuditAt = 0
  }

  #isStopping(): boolean {
    return this.#signal.aborted || this.#holdReason !== null || this.#flights.failure !== undefined
  }

  async #noticeCancelling(): Promise<RunRecord> {
    const context = this.#context
    if (!context.isCancelling) await heedDeadline(context)
    const run = await context.store.record()
    if (!context.isCancelling && run.cancelRequestedAt !== null) {
      context.isCancelling = true
      context.cancelCause = run.cancelCause ?? 'user'
      await enterCancelling(context)
      // The wish to cancel goes out with the next look, which must not be minutes away.
      await lookSoon(context)
    }
    // Requests that come back to be sent again after a cancellation are not sent.
    if (context.isCancelling) await context.store.cancelUnsent()
    return run
  }

  /** A deadline that is over ends the driving; the harvest of what the provider answers later is for the next one. */
  #isTimeUp({ deadline }: RunRecord): boolean {
    const { cancelCause, clock, isCancelling } = this.#context
    const at = deadline?.at ?? Number.POSITIVE_INFINITY
    this.#endsAt ??= at > clock.now() ? at : Number.POSITIVE_INFINITY
    return isCancelling && cancelCause === 'deadline' && clock.now() >= this.#endsAt
  }

  /** Starts a step for every attempt that is due and for which there is room. */
  #launch(attempts: readonly AttemptRecord[], gate: Gate): void {
    const now = this.#context.clock.now()
    const due = attempts.filter(({ key, nextAt }) => nextAt <= now && !this.#flights.has(String(key)))
    this.#launchReconcile(due.filter(({ stage }) => stage === 'unconfirmed'))
    const queues = this.#foreignQueues.due(attempts)
    if (queues.length > 0)
      this.#flights.start(FOREIGN_QUEUES, 'listing', this.#foreignQueues.look(queues, this.#signal))
    const room = this.#roomForBatches(attempts)
    for (const attempt of due) {
      if (!ADVANCING.includes(attempt.stage) || waitsAtGate(gate, attempt)) continue
      if (isBatchToSend(attempt) && (this.#context.isCancelling || room.of(attempt) <= 0)) continue
      const kind = kindOf(attempt)
      if (!this.#flights.hasRoom(kind)) continue
      if (isBatchToSend(attempt)) room.take(attempt)
      this.#flights.start(String(attempt.key), kind, this.#step(attempt))
    }
  }

  async #step(attempt: AttemptRecord): Promise<void> {
    const context = this.#context
    if (context.isCancelling) await cancelRemote(context, attempt, this.#signal)
    const step = await advance(context, attempt, this.#signal)
    if (step.did === 'must_hold_run') this.#holdReason ??= step.reason
    if (step.did === 'too_large') this.#tooLarge.push(attempt)
    await emitBatch(context, attempt)
  }

  #launchReconcile(unconfirmed: readonly AttemptRecord[]): void {
    if (unconfirmed.length === 0 || this.#flights.has(RECONCILE)) return
    this.#flights.start(RECONCILE, 'listing', this.#reconcile(unconfirmed))
  }

  async #reconcile(attempts: readonly AttemptRecord[]): Promise<void> {
    try {
      await reconcile(this.#context, attempts, this.#signal)
    } catch (error) {
      if (this.#signal.aborted) return
      for (const attempt of await this.#stillUnconfirmed(attempts)) {
        const step = await setBack(this.#context, attempt, error)
        if (step.did === 'must_hold_run') this.#holdReason ??= step.reason
      }
    }
    for (const attempt of attempts) await emitBatch(this.#context, attempt)
  }

  async #stillUnconfirmed(attempts: readonly AttemptRecord[]): Promise<readonly AttemptRecord[]> {
    const keys = new Set(attempts.map(({ key }) => key))
    const current = await this.#context.store.currentAttempts()
    return current.filter(({ key, stage }) => keys.has(key) && stage === 'unconfirmed')
  }

  /**
   * Once nothing is being sent just now, one listing shows whether any of the creates was repeated on its way. Batches
   * that are still at work can wait for the next one; the run does not end before the last ones were looked at.
   */
  #launchAudit(attempts: readonly AttemptRecord[], everMade: readonly AttemptRecord[]): void {
    const isSending = attempts.some(({ stage }) => stage === 'uploaded' || stage === 'creating')
    const unaudited = everMade.filter(isUnaudited)
    const canWait = this.#auditsFailSince !== undefined || attempts.some(isActive)
    const isTooEarly = canWait && this.#context.clock.now() < this.#nextAuditAt
    if (isSending || isTooEarly || unaudited.length === 0 || this.#flights.has(AUDIT)) return
    this.#flights.start(AUDIT, 'listing', this.#audit(unaudited))
  }

  /** An audit that failed is repeated for a while; longer it must not keep the answers from anyone. */
  #mustAuditAgain(): boolean {
    const { clock, settings } = this.#context
    const since = this.#auditsFailSince
    return this.#until === 'finished' && since !== undefined && clock.now() - since < settings.waits.settleMs
  }

  /** A batch that was refused and has gone on as another attempt may have a double that was not refused. */
  async #everMade(attempts: readonly AttemptRecord[]): Promise<readonly AttemptRecord[]> {
    return attempts.some(({ number }) => number > 1) ? await this.#context.store.allAttempts() : attempts
  }

  async #audit(attempts: readonly AttemptRecord[]): Promise<void> {
    const { clock, settings } = this.#context
    try {
      const isAudited = await auditCreates(this.#context, attempts, this.#signal)
      this.#auditsFailSince = isAudited ? undefined : (this.#auditsFailSince ?? clock.now())
    } catch (error) {
      // An audit guards against a fault of others; that it fails must not keep the answers from anyone.
      if (!(error instanceof ProviderError) && !this.#signal.aborted) throw error
      this.#auditsFailSince ??= clock.now()
    }
    this.#nextAuditAt = clock.now() + settings.waits.pollMs
  }

  /** How many more batches may be opened: those uploaded or being created count as open already. */
  #roomForBatches(attempts: readonly AttemptRecord[]): Room {
    const isOpen = (attempt: AttemptRecord): boolean =>
      (OPEN_STAGES as readonly string[]).includes(attempt.stage) ||
      attempt.stage === 'uploaded' ||
      (isBatchToSend(attempt) && this.#flights.has(String(attempt.key)))
    return new Room(this.#context.settings, attempts.filter(isOpen))
  }

  /** True when no step is in flight and, for this way of driving, none is to come. */
  async #isOver(attempts: readonly AttemptRecord[], gate: Gate): Promise<boolean> {
    if (this.#tooLarge.length > 0 || (await this.#context.store.hasPending())) return false
    if (await mustReask(this.#context)) return false
    const active = attempts.filter((attempt) => isActive(attempt) && !waitsAtGate(gate, attempt))
    if (active.length === 0) {
      if (this.#mustAuditAgain()) return false
      if (!gate.isOpen && attempts.some((attempt) => waitsAtGate(gate, attempt))) this.#holdReason ??= gate.holdReason
      return true
    }
    if (this.#until === 'finished') return false
    const now = this.#context.clock.now()
    const room = this.#roomForBatches(attempts)
    const canBeSent = ({ kind, stage }: AttemptRecord): boolean =>
      kind === 'direct' || stage === 'planned' || stage === 'uploaded'
    return active
      .filter((attempt) => !isBatchToSend(attempt) || room.of(attempt) > 0)
      .filter((attempt) => this.#until === 'round' || canBeSent(attempt))
      .every(({ nextAt }) => nextAt > now)
  }

  /** Waits for a step to end or the next one to be due, whichever is first. */
  async #pause(attempts: readonly AttemptRecord[]): Promise<void> {
    const { clock } = this.#context
    const now = clock.now()
    const waiting = attempts.filter((attempt) => isActive(attempt) && !this.#flights.has(String(attempt.key)))
    const earliest = Math.min(...waiting.map(({ nextAt }) => nextAt).filter((at) => at > now))
    const wake = new AbortController()
    const stop = AbortSignal.any([this.#signal, wake.signal])
    await Promise.race([...this.#flights.each(), clock.sleep(Math.min(LONGEST_PAUSE_MS, earliest - now), stop)])
    wake.abort()
  }
}

/** True for a batch that takes up room at the provider once it is sent. */
function isBatchToSend({ kind, stage }: AttemptRecord): boolean {
  return kind === 'batch' && stage === 'planned'
}

/** True for a create that was answered and of which no listing has shown yet that it was made once only. */
function isUnaudited({ auditedAt, kind, polls, stage }: AttemptRecord): boolean {
  // Of all others no create is ever sent.
  if (kind !== 'batch') return false
  const hasEnded = stage === 'ended' || stage === 'collected' || stage === 'rejected'
  const wasSeen = hasEnded || (stage === 'submitted' && polls > 0)
  return wasSeen && auditedAt === null
}

function kindOf(attempt: AttemptRecord): FlightKind {
  if (attempt.stage === 'uploaded') return 'create'
  return attempt.stage === 'submitted' ? 'poll' : 'transfer'
}
