import type { EventEmitter } from 'node:events'
import type { Settings } from '../config/settings.ts'
import { canSend } from '../drive/room.ts'
import { type Backoff, backoffMs } from '../lib/backoff.ts'
import type { Clock } from '../lib/clock.ts'
import { THIS_PROCESS } from '../lib/machine.ts'
import { LlmBatchError } from '../model/error.ts'
import type { RunEvent } from '../model/event.ts'
import { type TakenRun, takeRun } from '../prepare/start.ts'
import { findProvider } from '../providers/registry.ts'
import type { RunRecord, WaitingRun } from '../store/port/run.ts'
import type { WorkerRecord } from '../store/store.ts'
import { type RunReport, reportOf } from '../workspace/report.ts'
import { WORKER_DEAD_MS } from '../workspace/workers-at-work.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { RunHandle } from './handle.ts'
import { watchHomeQueues } from './run-sitting.ts'
import type { Words } from './told.ts'

/** Runs that a worker works on at once where it is not told how many. */
export const DEFAULT_CONCURRENCY = 4

/** Between two looks at the catalog, and so between two rounds of one run. */
const LOOK_MS = 1_000

/** Longest time without a round of a run that is waited for: what its batches do not tell, a round finds. */
const LONGEST_REST_MS = 60_000

/** How often a worker writes down that it is at work. */
const PRESENCE_MS = 15_000

/** How long a run is left alone that another process works on, or that this worker has no key for. */
const ELSEWHERE_MS = 5_000
const LEFT_MS = 60_000

/** How long a run is left alone whose rounds fail. */
const TROUBLE: Backoff = { firstMs: 5_000, factor: 2, mostMs: 300_000 }

/** News of a worker: what a run has come to, why it is left to others, or what ended its round early. */
export type WorkerNews<Report = RunReport> =
  | { readonly kind: 'round'; readonly report: Report }
  | { readonly kind: 'left'; readonly run: string; readonly why: string }
  | { readonly kind: 'trouble'; readonly run: string; readonly error: unknown }

/** Options of a worker. */
export interface WorkerOptions {
  /** Runs that are worked on at once; that their batches are waited for counts not. */
  readonly concurrency: number
  /** Ends once there is no run left that this worker takes further. */
  readonly isOnce: boolean
  readonly emitter: EventEmitter<{ event: [RunEvent] }>
  readonly words: Words
  readonly tell: (news: WorkerNews) => Promise<void>
}

/** Counts of a worker since its start. */
export interface WorkerCounts {
  readonly rounds: number
  readonly troubles: number
  /** Runs that are worked on just now. */
  readonly inHand: number
  /** When the catalog was last read, in epoch milliseconds; null before the first time. */
  readonly lookedAt: number | null
}

/** Memory of a worker about a run; instants of a clock that never jumps. */
interface Memory {
  /** No round begins before. */
  restUntil: number
  /** A round begins then, due or not. */
  roundBy: number
  troubles: number
  /** True where it was found that another process works on it, or must. */
  isLeft: boolean
  /** What was told of it last, so that nothing is told twice. */
  told: string
}

/**
 * Carries out all runs of a home, many at once: each is taken up when a batch of it is due, taken a round further, and let
 * go of, so that any worker of the home can take the next round. The catalog says where a run stands and when it is due; the
 * lock of the run says which process works on it, and is free when that process is dead.
 */
export class Worker {
  readonly #workspace: Workspace
  readonly #options: WorkerOptions
  readonly #memories = new Map<string, Memory>()
  readonly #inHand = new Map<string, Promise<void>>()
  #rounds = 0
  #troubles = 0
  #lookedAt: number | null = null
  #presence: WorkerRecord
  #notedAt = Number.NEGATIVE_INFINITY

  constructor(workspace: Workspace, options: WorkerOptions) {
    const { clock, random } = workspace
    this.#workspace = workspace
    this.#options = options
    const id = Buffer.from(random.bytes(8)).toString('hex')
    const place = `${THIS_PROCESS.host}, process ${THIS_PROCESS.id}`
    this.#presence = { id, place, startedAt: clock.now(), seenAt: clock.now() }
  }

  get counts(): WorkerCounts {
    return { rounds: this.#rounds, troubles: this.#troubles, inHand: this.#inHand.size, lookedAt: this.#lookedAt }
  }

  /** Works until the signal, and then lets go of what is in hand. Throws where the home cannot be read any more. */
  async work(signal: AbortSignal): Promise<void> {
    const unwatch = watchHomeQueues(this.#workspace)
    try {
      while (!signal.aborted) {
        const hasWork = await this.#look(signal)
        if (this.#options.isOnce && !hasWork && this.#inHand.size === 0) return
        await untilFirst(this.#workspace.clock, this.#inHand.values(), signal)
      }
    } finally {
      await Promise.all(this.#inHand.values())
      await unwatch()
      await this.#workspace.store.forgetWorker(this.#presence.id)
    }
  }

  /** Starts a round of each run that is due, as far as there is room; false where no run is left for this worker. */
  async #look(signal: AbortSignal): Promise<boolean> {
    const { clock, configuration, store } = this.#workspace
    await this.#notePresence()
    const waiting = (await store.waitingRuns()).map((run) => ({ run, memory: this.#memoryOf(run.id) }))
    this.#lookedAt = clock.now()
    const now = clock.monotonic()
    const due = waiting
      .filter(({ run: { id } }) => !this.#inHand.has(id))
      .filter(
        ({ memory, run }) =>
          memory.restUntil <= now && (isDue(run, configuration.settings, clock.now()) || memory.roundBy <= now),
      )
      .sort((one, other) => one.memory.restUntil - other.memory.restUntil)
    for (const { memory, run } of due.slice(0, Math.max(0, this.#options.concurrency - this.#inHand.size))) {
      const round = this.#goRound(run.id, memory, signal).finally(() => this.#inHand.delete(run.id))
      this.#inHand.set(run.id, round)
    }
    this.#forgetAllBut(new Set(waiting.map(({ run }) => run.id)))
    return waiting.some(({ memory, run }) => goesOn(run) && !memory.isLeft)
  }

  async #notePresence(): Promise<void> {
    const { clock, store } = this.#workspace
    if (clock.monotonic() - this.#notedAt < PRESENCE_MS) return
    this.#notedAt = clock.monotonic()
    await store.noteWorker({ ...this.#presence, seenAt: clock.now() }, clock.now() - WORKER_DEAD_MS)
  }

  /** One round of a run. Never throws: the other runs must not wait because of this one. */
  async #goRound(id: string, memory: Memory, signal: AbortSignal): Promise<void> {
    const { clock } = this.#workspace
    const rest = (restMs: number, isLeft: boolean): void => {
      memory.restUntil = clock.monotonic() + restMs
      memory.roundBy = memory.restUntil + LONGEST_REST_MS
      memory.isLeft = isLeft
    }
    try {
      const ended = await this.#takeFurther(id, signal)
      if (ended === 'busy') return rest(ELSEWHERE_MS, true)
      if ('why' in ended) {
        rest(LEFT_MS, true)
        return await this.#tell(memory, ended.why, async () => ({ kind: 'left', run: id, why: ended.why }))
      }
      memory.troubles = 0
      rest(LOOK_MS, false)
      this.#rounds += 1
      const { configuration, store } = this.#workspace
      await this.#tell(memory, `${ended.state} ${JSON.stringify(ended.reason)}`, async () => ({
        kind: 'round',
        report: await reportOf(store.read(id), configuration),
      }))
    } catch (error) {
      rest(backoffMs(TROUBLE, memory.troubles, this.#workspace.random.fraction()), true)
      memory.troubles += 1
      this.#troubles += 1
      await this.#tell(memory, String(error), async () => ({ kind: 'trouble', run: id, error }))
    }
  }

  /** Takes a run a round further and returns it, or why that is left to others. */
  async #takeFurther(id: string, signal: AbortSignal): Promise<RunRecord | { readonly why: string } | 'busy'> {
    const { configuration, home, store } = this.#workspace
    const run = await store.findRun(id)
    if (!run) return 'busy'
    if (run.definition.local) return { why: 'a command of its own asks its model' }
    const entry = findProvider(run.definition.provider)
    if (!configuration.hasKeyFor(entry)) return { why: `this worker has no ${entry.keyVariable}` }
    const taken = await takeUnlessBusy(this.#workspace, id)
    if (!taken) return 'busy'
    const { emitter, words } = this.#options
    const handle = new RunHandle(this.#workspace, taken, emitter, words)
    try {
      // The place that was named for the answers is one of the machine that made the run, which may be another.
      return await handle.goRound({ signal, writesAnswers: home.kind === 'folder' })
    } catch (error) {
      if (LlmBatchError.isInstance(error) && error.code === 'account_mismatch') return { why: error.message }
      // Another process has taken over, because this one was halted for long.
      if (LlmBatchError.isInstance(error) && error.code === 'busy') return 'busy'
      throw error
    } finally {
      handle.close()
    }
  }

  /** Tells what was not told of the run before; news of a round take a look at all of it. */
  async #tell(memory: Memory, told: string, news: () => Promise<WorkerNews>): Promise<void> {
    if (memory.told === told) return
    memory.told = told
    await this.#options.tell(await news())
  }

  #memoryOf(id: string): Memory {
    let memory = this.#memories.get(id)
    if (!memory) {
      const now = this.#workspace.clock.monotonic()
      memory = { restUntil: now, roundBy: now + LONGEST_REST_MS, troubles: 0, isLeft: false, told: '' }
      this.#memories.set(id, memory)
    }
    return memory
  }

  #forgetAllBut(ids: ReadonlySet<string>): void {
    for (const id of this.#memories.keys()) if (!ids.has(id)) this.#memories.delete(id)
  }
}

/** True where a round of the run may take it further now. */
function isDue(run: WaitingRun, settings: Settings, now: number): boolean {
  if (run.cancelRequestedAt !== null && run.state !== 'cancelling') return true
  if (run.state === 'held') return run.dayHeldUntil !== null && run.dayHeldUntil <= now
  if (run.windUpAt !== null && run.windUpAt <= now && run.state !== 'cancelling') return true
  if (run.state === 'open') return false
  const isAtItsEnd = run.nextAt === null && run.queues.every(({ unsentAt }) => unsentAt === null)
  return isAtItsEnd || (run.nextAt !== null && run.nextAt <= now) || canSend(settings, run, now)
}

/** True for a run that goes on without a person. */
function goesOn({ cancelRequestedAt, state }: WaitingRun): boolean {
  return cancelRequestedAt !== null || (state !== 'held' && state !== 'open')
}

/** Undefined where another process is working on the run. */
async function takeUnlessBusy(workspace: Workspace, id: string): Promise<TakenRun | undefined> {
  try {
    return await takeRun(workspace, id)
  } catch (error) {
    if (LlmBatchError.isInstance(error) && error.code === 'busy') return undefined
    throw error
  }
}

/** Waits until a round has ended or it is time for the next look. */
async function untilFirst(clock: Clock, rounds: Iterable<Promise<void>>, signal: AbortSignal): Promise<void> {
  const wake = new AbortController()
  const look = clock.sleep(LOOK_MS, AbortSignal.any([signal, wake.signal]))
  await Promise.race([...rounds, look])
  wake.abort()
}
