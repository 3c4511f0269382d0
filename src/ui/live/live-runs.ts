import type { WaitingRun } from '../../store/port/run.ts'
import { workersAtWork } from '../../workspace/workers-at-work.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { LiveEvents, RunSummary } from '../contract.ts'
import { errorOf, toldError } from '../http/replies.ts'
import type { OpenedRuns } from '../runs/opened-runs.ts'

/** An event and its data. */
export type LiveEvent = {
  [Name in keyof LiveEvents]: { readonly name: Name; readonly data: LiveEvents[Name] }
}[keyof LiveEvents]

/** Receiver of events; never throws, never waits. */
export type Listener = (event: LiveEvent) => void

const LOOK_MS = 1_000

/** Every so many looks all unfinished runs are read, changed or not: who works on them is not in the catalog. */
const WHOLE_LOOK = 5

/** A page hears something at least so often, so that a dead connection is noticed. */
const BEAT_MS = 15_000

/** Runs that ended so long ago are told if they were not: clocks differ, and a commit takes its time. */
const ENDED_MS = 60_000

/** Time until the next look after one that failed. */
const TROUBLE_MS = 5_000

/**
 * Looks at the catalog once a second for all who listen, and only while there are any: one statement over the runs that wait
 * for something, one over those that have just ended, and more of those that have changed. Remembers these runs alone.
 */
export class LiveRuns {
  readonly #home: Workspace
  readonly #runs: OpenedRuns
  readonly #stopping: AbortSignal
  readonly #listeners = new Set<Listener>()
  /** By id: what the catalog said of a run that waits, and what was told of it last. */
  readonly #known = new Map<string, { readonly seen: string; readonly told: string; readonly summary: RunSummary }>()
  /** By id: when a run ended that did so in the last minute. */
  #ended: ReadonlyMap<string, number> = new Map()
  #isLooking = false
  #looks = 0
  #toldAt = 0

  constructor(home: Workspace, runs: OpenedRuns, stopping: AbortSignal) {
    this.#home = home
    this.#runs = runs
    this.#stopping = stopping
  }

  /** Tells the listener of every run that is not finished, and from then on what changes; returns how to end that. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    for (const { summary } of this.#known.values()) listener({ name: 'run', data: summary })
    if (!this.#isLooking) void this.#lookOn()
    return () => void this.#listeners.delete(listener)
  }

  /** Looks until the last listener has gone; who comes later is told everything anew. */
  async #lookOn(): Promise<void> {
    this.#isLooking = true
    const { clock } = this.#home
    this.#toldAt = clock.monotonic()
    while (this.#listeners.size > 0 && !this.#stopping.aborted) {
      const restMs = await this.#lookOnce()
      if (clock.monotonic() - this.#toldAt >= BEAT_MS) this.#tell({ name: 'beat', data: { now: clock.now() } })
      await clock.sleep(restMs, this.#stopping)
    }
    this.#known.clear()
    this.#ended = new Map()
    this.#looks = 0
    this.#isLooking = false
  }

  /** Returns how long to rest until the next look. */
  async #lookOnce(): Promise<number> {
    try {
      await this.#look()
      return LOOK_MS
    } catch (error) {
      this.#tell({ name: 'trouble', data: errorOf(toldError(error)) })
      return TROUBLE_MS
    }
  }

  async #look(): Promise<void> {
    const isWhole = this.#looks % WHOLE_LOOK === 0
    this.#looks += 1
    const waiting = await this.#home.store.waitingRuns()
    const hasWorkers = (await workersAtWork(this.#home)).length > 0
    for (const run of waiting) {
      if (isWhole || this.#known.get(run.id)?.seen !== JSON.stringify(run)) await this.#lookAt(run, hasWorkers)
    }
    await this.#lookForEnded(waiting)
  }

  /** A run that waits no more has ended or was removed; a short one may have begun and ended since the last look. */
  async #lookForEnded(waiting: readonly WaitingRun[]): Promise<void> {
    const { clock, store } = this.#home
    const waits = new Set(waiting.map(({ id }) => id))
    const ended = new Map((await store.runsEndedSince(clock.now() - ENDED_MS)).map(({ endedAt, id }) => [id, endedAt]))
    const unheard = [...ended].filter(([id, endedAt]) => this.#ended.get(id) !== endedAt).map(([id]) => id)
    const left = [...this.#known.keys()].filter((id) => !waits.has(id))
    for (const id of new Set([...left, ...unheard])) await this.#leave(id)
    this.#ended = ended
  }

  async #lookAt(waiting: WaitingRun, hasWorkers: boolean): Promise<void> {
    const run = await this.#home.store.findRun(waiting.id)
    if (!run) return
    const summary = await this.#runs.summary(run, hasWorkers)
    const told = JSON.stringify(summary)
    const isNews = this.#known.get(run.id)?.told !== told
    this.#known.set(run.id, { seen: JSON.stringify(waiting), told, summary })
    if (isNews) this.#tell({ name: 'run', data: summary })
  }

  async #leave(id: string): Promise<void> {
    const run = await this.#home.store.findRun(id)
    this.#known.delete(id)
    this.#tell(run ? { name: 'run', data: await this.#runs.summary(run) } : { name: 'removed', data: { id } })
  }

  #tell(event: LiveEvent): void {
    this.#toldAt = this.#home.clock.monotonic()
    for (const listener of this.#listeners) listener(event)
  }
}
