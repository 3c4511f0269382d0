import { setMaxListeners } from 'node:events'
import { ADVANCING_STAGES, OPEN_STAGES } from '../model/attempt.ts'
import { isAskedDirectly, isCreatedBatch } from '../model/batch.ts'
import type { Reason } from '../model/reason.ts'
import type { Round } from '../model/round.ts'
import type { Step } from '../model/step.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunContext } from '../workspace/context.ts'
import { emitBatch } from '../workspace/events.ts'
import { advance, advanceUnconfirmed } from './advance.ts'
import { Audits } from './audits.ts'
import { Cancellation } from './cancel.ts'
import { ClockWatch, restartWaits } from './clock-jumps.ts'
import { conclude, isActive } from './conclude.ts'
import { type FlightKind, Flights } from './flights.ts'
import { ForeignQueueWatch } from './foreign-queue.ts'
import { type Gate, gateOf, isBatchToCreate, waitsAtGate } from './gate.ts'
import { holdDuplicateWork } from './preflight.ts'
import { mustReask, reask } from './reask.ts'
import { replan, splitAttempt } from './replan.ts'
import { Room } from './room.ts'
import { diskRefusal } from './setback.ts'
import { beginTail } from './tail.ts'

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
 * All state is in the store, so it may be stopped anywhere and called again. The caller holds the run's lock. Returns the
 * run as it stands then. Throws what concerns the whole run, such as another writer.
 */
export async function driveToEnd(context: RunContext, until: Until, signal: AbortSignal): Promise<RunRecord> {
  for (;;) {
    const run = await context.store.record()
    if (run.state !== 'cancelling') await context.store.moveRun('running')
    const ended = await new Driving(context, run, until, signal).toEnd()
    if (ended !== 'tail') return ended
  }
}

class Driving {
  readonly #context: RunContext
  readonly #until: Until
  readonly #signal: AbortSignal
  readonly #flights: Flights
  readonly #cancellation: Cancellation
  readonly #foreignQueues: ForeignQueueWatch
  readonly #clockWatch: ClockWatch
  readonly #audits: Audits
  /** Batches that are being sent for the first time, by the key of their attempt. */
  readonly #sending = new Map<number, AttemptRecord>()
  /** Attempts to be cut; done between steps, because planning must never happen twice at once. */
  readonly #toCut: { readonly attempt: AttemptRecord; readonly mostRequests: number }[] = []
  /** When driving ends although the provider has not answered yet: at a deadline that was still to come at the start. */
  #endsAt: number | undefined
  /** Rows of the run when its batches were looked at last; an open run takes more while it is driven. */
  #rowCount: number
  /** Why the run must stop, once a step has said so. */
  #holdReason: Reason | null = null

  constructor(context: RunContext, run: RunRecord, until: Until, signal: AbortSignal) {
    this.#context = context
    this.#until = until
    this.#signal = signal
    this.#rowCount = run.rowCount
    this.#flights = new Flights(context.settings.maxTransfers)
    // Every step under way listens to it, and there may be more than the ten that Node warns of.
    setMaxListeners(0, signal)
    this.#cancellation = new Cancellation(context, run)
    this.#foreignQueues = new ForeignQueueWatch(context)
    this.#clockWatch = new ClockWatch(context.clock)
    this.#audits = new Audits(context)
  }

  /** Returns the run as it stands then, or `tail` where the rest of it is now to be asked directly. */
  async toEnd(): Promise<RunRecord | 'tail'> {
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
    const cancelledBy = this.#cancellation.by
    if (failure === undefined) await this.#cancellation.giveUpUnsent()
    const isStopped = this.#signal.aborted
    const mayAsk = failure === undefined && holdReason === null && !isStopped && cancelledBy === 'deadline'
    const tail = mayAsk ? await beginTail(this.#context) : 'none'
    if (tail === 'begun') return 'tail'
    return await conclude(this.#context, { isStopped, cancelledBy, holdReason, waitsForTail: tail === 'unsettled' })
  }

  /** Plans, starts what is due and waits for something to happen; false once driving is over. */
  async #goRound(): Promise<boolean> {
    const { store } = this.#context
    const run = await this.#cancellation.notice()
    if (this.#isStopping() || this.#isTimeUp(run)) return false
    await this.#plan(run)
    await this.#noticeClock()
    this.#flights.beginLook()
    const attempts = await store.unfinishedAttempts(this.#mostUnsent)
    // What was appended meanwhile is to be looked at before it is sent.
    if (run.isOpen && (await store.record()).rowCount > this.#rowCount) return true
    const round = this.#round(await store.isRoomWanted())
    const gate: Gate = this.#isCancelled() ? { isOpen: true } : gateOf(run, attempts)
    this.#launchReconcile(attempts, round)
    this.#launchForeignQueues(attempts)
    this.#launchSteps(attempts, gate, round)
    this.#launchAudit(await this.#audits.due(attempts))
    if (this.#flights.haveLanded) return true
    if (this.#flights.count === 0 && (await this.#isOver(attempts, gate))) return false
    await this.#pause(attempts)
    return true
  }

  /** More could not be started in one round: those that are being sent, and those for which there is room. */
  get #mostUnsent(): number {
    const { maxOpenBatches, maxTransfers } = this.#context.settings
    return maxOpenBatches + maxTransfers
  }

  /** What the steps that are started now are told of; the cancellation may come while they are under way. */
  #round(isShortOfRoom: boolean): Round {
    return { signal: this.#signal, isShortOfRoom, cancelledBy: () => this.#cancellation.by }
  }

  #isCancelled(): boolean {
    return this.#cancellation.by !== null
  }

  #isStopping(): boolean {
    return this.#signal.aborted || this.#holdReason !== null || this.#flights.failure !== undefined
  }

  /** A deadline that is over ends the driving; the harvest of what the provider answers later is for the next one. */
  #isTimeUp({ deadline, tailBegunAt }: RunRecord): boolean {
    // Of a tail nothing is waited for but the answers to calls that were made.
    if (tailBegunAt !== null) return false
    const now = this.#context.clock.now()
    const at = deadline?.at ?? Number.POSITIVE_INFINITY
    this.#endsAt ??= at > now ? at : Number.POSITIVE_INFINITY
    return this.#cancellation.by === 'deadline' && now >= this.#endsAt
  }

  /** Puts what waits for it into batches; after a cancellation nothing is sent, and so nothing planned. */
  async #plan({ rowCount }: RunRecord): Promise<void> {
    const hasGrown = rowCount > this.#rowCount
    this.#rowCount = rowCount
    const toCut = this.#toCut.splice(0)
    if (this.#isCancelled()) return
    for (const { attempt, mostRequests } of toCut) await splitAttempt(this.#context, attempt, mostRequests)
    const hasNew = await this.#context.store.hasPending()
    await replan(this.#context)
    const hasAsked = await reask(this.#context)
    if (hasGrown || hasNew || hasAsked || toCut.length > 0) await holdDuplicateWork(this.#context, this.#signal)
  }

  /** A laptop that has slept, or a clock that was set, must not make anyone act on what was believed before. */
  async #noticeClock(): Promise<void> {
    if (!this.#clockWatch.hasJumped()) return
    await restartWaits(this.#context)
    this.#audits.restart()
  }

  #launchReconcile(attempts: readonly AttemptRecord[], round: Round): void {
    const unconfirmed = this.#due(attempts).filter(({ stage }) => stage === 'unconfirmed')
    if (unconfirmed.length === 0 || this.#flights.has(RECONCILE)) return
    this.#flights.start(RECONCILE, 'listing', this.#reconcile(unconfirmed, round))
  }

  async #reconcile(attempts: readonly AttemptRecord[], round: Round): Promise<void> {
    for (const step of await advanceUnconfirmed(this.#context, attempts, round)) this.#heed(step)
    for (const attempt of attempts) await emitBatch(this.#context, attempt)
  }

  #launchForeignQueues(attempts: readonly AttemptRecord[]): void {
    const queues = this.#foreignQueues.due(attempts)
    if (queues.length > 0)
      this.#flights.start(FOREIGN_QUEUES, 'listing', this.#foreignQueues.look(queues, this.#signal))
  }

  /** Starts a step for every attempt that is due and for which there is room. */
  #launchSteps(attempts: readonly AttemptRecord[], gate: Gate, round: Round): void {
    const room = this.#roomForBatches(attempts)
    for (const attempt of this.#due(attempts)) {
      if (!ADVANCING_STAGES.includes(attempt.stage) || waitsAtGate(gate, attempt)) continue
      if (this.#isCancelled() && isBatchToCreate(attempt)) continue
      if (isBatchToSend(attempt) && room.of(attempt) <= 0) continue
      const kind = kindOf(attempt)
      if (!this.#flights.hasRoom(kind)) continue
      if (isBatchToSend(attempt)) {
        room.take(attempt)
        this.#sending.set(attempt.key, attempt)
      }
      this.#flights.start(String(attempt.key), kind, this.#step(attempt, round))
    }
  }

  async #step(attempt: AttemptRecord, round: Round): Promise<void> {
    try {
      const step = await advance(this.#context, attempt, round)
      this.#heed(step)
      const { requestCount } = attempt
      if (step.did === 'too_large') this.#toCut.push({ attempt, mostRequests: Math.ceil(requestCount / 2) })
      if (step.did === 'same_count') this.#toCut.push({ attempt, mostRequests: requestCount - 1 })
      await emitBatch(this.#context, attempt)
    } finally {
      this.#sending.delete(attempt.key)
    }
  }

  #heed(step: Step): void {
    if (step.did === 'must_hold_run') this.#holdReason ??= step.reason
  }

  #launchAudit(unaudited: readonly AttemptRecord[]): void {
    if (unaudited.length === 0 || this.#flights.has(AUDIT)) return
    this.#flights.start(AUDIT, 'listing', this.#audits.audit(unaudited, this.#signal))
  }

  /** The attempts whose instant has come and that have no step under way; one that is to be cut goes no further. */
  #due(attempts: readonly AttemptRecord[]): readonly AttemptRecord[] {
    const now = this.#context.clock.now()
    const toCut = new Set(this.#toCut.map(({ attempt }) => attempt.key))
    return attempts.filter(({ key, nextAt }) => nextAt <= now && !toCut.has(key) && !this.#flights.has(String(key)))
  }

  /** How many more batches may be opened: those uploaded or being created count as open already. */
  #roomForBatches(attempts: readonly AttemptRecord[]): Room {
    const open = new Map(this.#sending)
    for (const attempt of attempts) {
      const { key, stage } = attempt
      if (stage === 'uploaded' || (OPEN_STAGES as readonly string[]).includes(stage)) open.set(key, attempt)
    }
    return new Room(this.#context.settings, [...open.values()])
  }

  /** True when no step is in flight and, for this way of driving, none is to come. */
  async #isOver(attempts: readonly AttemptRecord[], gate: Gate): Promise<boolean> {
    if (this.#toCut.length > 0 || (await this.#context.store.hasPending())) return false
    if (!this.#isCancelled() && (await mustReask(this.#context))) return false
    const active = attempts.filter((attempt) => isActive(attempt) && !waitsAtGate(gate, attempt))
    if (active.length === 0) {
      if (this.#until === 'finished' && this.#audits.isPending) return false
      if (!gate.isOpen && attempts.some((attempt) => waitsAtGate(gate, attempt))) this.#holdReason ??= gate.holdReason
      return true
    }
    if (this.#until === 'finished') return false
    const now = this.#context.clock.now()
    const room = this.#roomForBatches(attempts)
    const canBeSent = ({ kind, stage }: AttemptRecord): boolean =>
      isAskedDirectly({ kind }) || stage === 'planned' || stage === 'uploaded'
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
  return isCreatedBatch(kind) && stage === 'planned'
}

function kindOf(attempt: AttemptRecord): FlightKind {
  if (attempt.stage === 'uploaded') return 'create'
  return attempt.stage === 'submitted' ? 'poll' : 'transfer'
}
