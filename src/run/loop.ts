import { OPEN_STAGES } from '../model/attempt.ts'
import { LlmBatchError } from '../model/error.ts'
import { ProviderError } from '../providers/provider.ts'
import type { AttemptRecord, RunRecord } from '../store/store.ts'
import { auditCreates } from '../submit/audit.ts'
import { reconcile } from '../submit/reconcile.ts'
import { ADVANCING, advance } from './advance.ts'
import { cancelRemote, enterCancelling } from './cancel.ts'
import type { RunContext } from './context.ts'
import { emitBatch } from './events.ts'
import { hasPending, replan, splitAttempt } from './replan.ts'
import { Room } from './room.ts'
import { setBack } from './setback.ts'

/**
 * When driving a run ends: when it is finished (or held), when nothing is left to submit, or when nothing is due now.
 */
export type Until = 'finished' | 'submitted' | 'round'

/** Longest pause between two looks at the store, so that a cancellation from elsewhere is noticed. */
const LONGEST_PAUSE_MS = 1_000

interface Flight {
  readonly kind: 'transfer' | 'create' | 'poll' | 'listing'
  readonly done: Promise<void>
}

/**
 * Drives one run: takes every batch that is due one step further, several at once, until there is nothing left to do.
 * All state is in the store, so it may be stopped anywhere and called again. The caller holds the run's lock.
 */
export class Driving {
  readonly #context: RunContext
  readonly #until: Until
  readonly #signal: AbortSignal
  readonly #flights = new Map<string, Flight>()
  /** Attempts to be cut; done between steps, because planning must never happen twice at once. */
  readonly #tooLarge: AttemptRecord[] = []
  /** Not before this instant is another audit tried; after the last one failed, the run ends without it. */
  #nextAuditAt = 0
  /** Why the run must stop, once a step has said so. */
  #holdReason: string | null = null
  #failure: unknown

  constructor(context: RunContext, until: Until, signal: AbortSignal) {
    this.#context = context
    this.#until = until
    this.#signal = signal
  }

  /** Returns the run as it stands when driving ends. Throws what concerns the whole run, such as another writer. */
  async toEnd(): Promise<RunRecord> {
    const { store } = this.#context
    for (;;) {
      await this.#noticeCancelling()
      if (this.#isStopping()) break
      for (const attempt of this.#tooLarge.splice(0)) await splitAttempt(this.#context, attempt)
      await replan(this.#context)
      const attempts = await store.currentAttempts()
      this.#launch(attempts)
      if (this.#flights.size === 0 && (await this.#isOver(attempts))) break
      await this.#pause(attempts)
    }
    await Promise.allSettled([...this.#flights.values()].map(({ done }) => done))
    if (this.#failure !== undefined) throw this.#failure
    return await this.#conclude()
  }

  #isStopping(): boolean {
    return this.#signal.aborted || this.#holdReason !== null || this.#failure !== undefined
  }

  async #noticeCancelling(): Promise<void> {
    const context = this.#context
    if (!context.isCancelling && (await context.store.record()).cancelRequestedAt !== null) {
      context.isCancelling = true
      await enterCancelling(context)
    }
    // Requests that come back to be sent again after a cancellation are not sent.
    if (context.isCancelling) await context.store.cancelUnsent()
  }

  /** Starts a step for every attempt that is due and for which there is room. */
  #launch(attempts: readonly AttemptRecord[]): void {
    const due = attempts.filter(
      (attempt) => attempt.nextAt <= this.#context.clock.now() && !this.#flights.has(String(attempt.key)),
    )
    const unconfirmed = due.filter(({ stage }) => stage === 'unconfirmed')
    if (unconfirmed.length > 0 && !this.#flights.has('reconcile')) {
      this.#fly('reconcile', 'listing', this.#reconcile(unconfirmed))
    }
    this.#launchAudit(attempts)
    const room = this.#roomForBatches(attempts)
    for (const attempt of due) {
      if (!ADVANCING.includes(attempt.stage)) continue
      if (attempt.stage === 'planned' && (this.#context.isCancelling || room.of(attempt) <= 0)) continue
      const kind = kindOf(attempt)
      if (!this.#hasRoom(kind)) continue
      if (attempt.stage === 'planned') room.take(attempt)
      this.#fly(String(attempt.key), kind, this.#step(attempt))
    }
  }

  /** Once nothing is being sent just now, one listing shows whether any of the creates was repeated on its way. */
  #launchAudit(attempts: readonly AttemptRecord[]): void {
    const isSending = attempts.some(({ stage }) => stage === 'uploaded' || stage === 'creating')
    const unaudited = attempts.filter(isUnaudited)
    if (isSending || unaudited.length === 0 || this.#context.clock.now() < this.#nextAuditAt) return
    this.#nextAuditAt = Number.POSITIVE_INFINITY
    this.#fly('audit', 'listing', this.#audit(unaudited))
  }

  async #audit(attempts: readonly AttemptRecord[]): Promise<void> {
    const { clock, settings } = this.#context
    try {
      await auditCreates(this.#context, attempts, this.#signal)
    } catch (error) {
      // An audit guards against a fault of others; that it fails must not keep the answers from anyone.
      if (!(error instanceof ProviderError) && !this.#signal.aborted) throw error
    }
    this.#nextAuditAt = clock.now() + settings.waits.pollMs
  }

  /** How many more batches may be opened: those uploaded or being created count as open already. */
  #roomForBatches(attempts: readonly AttemptRecord[]): Room {
    const isOpen = ({ key, stage }: AttemptRecord): boolean =>
      (OPEN_STAGES as readonly string[]).includes(stage) ||
      stage === 'uploaded' ||
      (stage === 'planned' && this.#flights.has(String(key)))
    return new Room(this.#context.settings, attempts.filter(isOpen))
  }

  #hasRoom(kind: Flight['kind']): boolean {
    const { maxTransfers } = this.#context.settings
    const inFlight = [...this.#flights.values()].filter((flight) => flight.kind === kind).length
    return inFlight < maxTransfers
  }

  #fly(name: string, kind: Flight['kind'], work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => this.#flights.delete(name))
    this.#flights.set(name, { kind, done })
  }

  async #step(attempt: AttemptRecord): Promise<void> {
    const context = this.#context
    if (context.isCancelling) await cancelRemote(context, attempt, this.#signal)
    const step = await advance(context, attempt, this.#signal)
    if (step.did === 'must_hold_run') this.#holdReason ??= step.reason
    if (step.did === 'must_split') this.#tooLarge.push(attempt)
    await emitBatch(context, attempt)
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

  /** True when no step is in flight and, for this way of driving, none is to come. */
  async #isOver(attempts: readonly AttemptRecord[]): Promise<boolean> {
    if (await hasPending(this.#context)) return false
    const now = this.#context.clock.now()
    const active = attempts.filter(({ stage }) => stage === 'unconfirmed' || ADVANCING.includes(stage))
    if (active.length === 0) return true
    const room = this.#roomForBatches(attempts)
    const actionable = active.filter((attempt) => attempt.stage !== 'planned' || room.of(attempt) > 0)
    if (this.#until === 'round') return actionable.every(({ nextAt }) => nextAt > now)
    if (this.#until === 'submitted') {
      return actionable.every(({ stage, nextAt }) => (stage !== 'planned' && stage !== 'uploaded') || nextAt > now)
    }
    return false
  }

  /** Waits for a step to end or the next one to be due, whichever is first. */
  async #pause(attempts: readonly AttemptRecord[]): Promise<void> {
    const { clock } = this.#context
    const waiting = attempts.filter(
      ({ key, stage }) => (stage === 'unconfirmed' || ADVANCING.includes(stage)) && !this.#flights.has(String(key)),
    )
    const earliest = Math.min(...waiting.map(({ nextAt }) => nextAt).filter((at) => at > clock.now()))
    const pauseMs = Math.min(LONGEST_PAUSE_MS, earliest - clock.now())
    const wake = new AbortController()
    const stop = AbortSignal.any([this.#signal, wake.signal])
    await Promise.race([...[...this.#flights.values()].map(({ done }) => done), clock.sleep(pauseMs, stop)])
    wake.abort()
  }

  /** Records what the run has come to. */
  async #conclude(): Promise<RunRecord> {
    const { store, isCancelling } = this.#context
    if (this.#holdReason !== null) await store.moveRun('held', this.#holdReason)
    else if (this.#signal.aborted) await pauseRun(this.#context, 'stopped before it was finished')
    else await this.#concludeByAttempts(await store.currentAttempts(), isCancelling)
    const record = await store.record()
    this.#context.emit({ type: 'run', state: record.state, reason: record.reason })
    return record
  }

  async #concludeByAttempts(attempts: readonly AttemptRecord[], isCancelling: boolean): Promise<void> {
    const { store } = this.#context
    const isActive = attempts.some(({ stage }) => stage === 'unconfirmed' || ADVANCING.includes(stage))
    if (isActive) return await pauseRun(this.#context, 'waiting for the provider')
    const held = attempts.filter(({ stage }) => stage === 'held')
    if (held.length > 0) return await store.moveRun('held', heldReason(held))
    await store.moveRun(isCancelling ? 'cancelled' : 'completed')
  }
}

/** A run that is being cancelled stays so; any other rests until someone takes it up again. */
async function pauseRun({ isCancelling, store }: RunContext, reason: string): Promise<void> {
  if (!isCancelling) await store.moveRun('paused', reason)
}

function heldReason(held: readonly AttemptRecord[]): string {
  const [first] = held
  if (!first) throw new LlmBatchError('conflict', 'no batch is held')
  const others = held.length > 1 ? ` (and ${held.length - 1} more)` : ''
  return `batch ${first.batch} is held: ${first.reason ?? first.reasonCode ?? 'unknown reason'}${others}`
}

/** True for a create that was answered and of which no listing has shown yet that it was made once only. */
function isUnaudited({ auditedAt, polls, stage }: AttemptRecord): boolean {
  const wasSeen = stage === 'ended' || stage === 'collected' || (stage === 'submitted' && polls > 0)
  return wasSeen && auditedAt === null
}

function kindOf(attempt: AttemptRecord): Flight['kind'] {
  if (attempt.stage === 'uploaded') return 'create'
  return attempt.stage === 'submitted' ? 'poll' : 'transfer'
}
