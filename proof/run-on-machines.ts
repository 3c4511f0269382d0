import { EventEmitter } from 'node:events'
import type { Clock } from '../src/lib/clock.ts'
import { RunHandle } from '../src/library/handle.ts'
import { toldReport } from '../src/library/told.ts'
import { Worker } from '../src/library/worker.ts'
import type { RunEvent } from '../src/model/event.ts'
import { inProperties } from '../src/model/options/mention.ts'
import { isFinished } from '../src/model/run.ts'
import { takeRun } from '../src/prepare/start.ts'
import { exitCodeOf } from '../src/workspace/report.ts'
import type { Workspace } from '../src/workspace/workspace.ts'
import type { MachinesPlan, Plan } from './plan.ts'
import {
  decisionOf,
  HOLDS_UNTIL_CALM,
  hasNoResults,
  MOST_STARTS,
  PATIENCE_MS,
  REST_MS,
  type Start,
  type Trace,
  takeWhole,
  told,
} from './run-until-finished.ts'
import { immortal } from './world/life.ts'
import type { Machine } from './world/machine.ts'
import { type MachineProcess, machinesOf, type SharedHome } from './world/shared-home.ts'
import { Stuck } from './world/virtual-time.ts'
import type { World } from './world/world.ts'

/** Each effect of two machines may be a wake, and workers look at the catalog every second. */
export const MOST_WAKES_OF_MACHINES = 200_000

/** How often the person looks what has become of the run. */
const LOOK_MS = 5_000

/** Runs that are worked on at once. */
const CONCURRENCY = 2

/** How long late calls and batches may still be at work, and a fenced process may still try what it was about to do. */
const AFTERMATH_MS = 120_000

/**
 * Types a run on the first machine and leaves it to workers, one on each machine, which are started again where they die. A
 * person at another desk lets it go on where it is held, and fetches the answers once it is finished and all that was halted
 * has woken up.
 */
export async function runOnMachines(
  world: World,
  shared: SharedHome,
  plan: Plan,
  { clocks }: MachinesPlan,
): Promise<Trace> {
  const story = new Story(world, shared, plan, clocks)
  const stuck = await story.toEnd().catch((error: unknown) => {
    if (error instanceof Stuck) return error.message
    throw error
  })
  const { events, starts } = story
  const report = starts.at(-1)?.report ?? null
  return { starts, events, caps: [], sentWhenCancelled: [], retries: [], namedInVain: [], report, stuck }
}

class Story {
  readonly starts: Start[] = []
  readonly events: RunEvent[] = []
  readonly #world: World
  readonly #shared: SharedHome
  readonly #plan: Plan
  readonly #clock: Clock
  readonly #machines: readonly Machine[]
  readonly #desk: Machine
  readonly #over = new AbortController()

  constructor(world: World, shared: SharedHome, plan: Plan, clocks: MachinesPlan['clocks']) {
    this.#world = world
    this.#shared = shared
    this.#plan = plan
    this.#clock = world.time.clockOf(immortal())
    const named = clocks.map((clock, place) => ({ ...clock, name: `machine-${place + 1}` }))
    const [desk, ...machines] = machinesOf(world, [{ name: 'desk', aheadMs: 0, rate: 1 }, ...named])
    if (!desk) throw new Error('there is no desk')
    this.#desk = desk
    this.#machines = machines
  }

  /** Returns why the run never came to an end, null where it did. Throws `Stuck`. */
  async toEnd(): Promise<string | null> {
    const living = this.#live()
    living.catch(() => undefined)
    return await this.#world.time.runUntil(living)
  }

  async #live(): Promise<string | null> {
    const id = await this.#begin()
    if (id === null) return `not begun after ${MOST_STARTS} starts`
    const workers = this.#machines.map((machine) => this.#keepWorking(machine))
    const stuck = await this.#untilFinished(id)
    await this.#clock.sleep(this.#shared.untilAllAwakeMs + AFTERMATH_MS)
    this.#over.abort()
    await Promise.all(workers)
    await this.#atDesk((workspace) => this.#fetch(workspace, id))
    return stuck
  }

  /** Types the command until it has made the run, which it leaves to workers; gives the id of the run. */
  async #begin(): Promise<string | null> {
    const [machine = this.#desk] = this.#machines
    for (let starts = 0; starts < MOST_STARTS; starts += 1) {
      const id = await this.#process(this.#shared.boot(machine), async (workspace) => {
        const taken = await takeWhole(workspace, this.#plan, this.#emitter())
        taken.lock.release()
        return taken.store.id
      })
      if (id !== undefined) return id
      await this.#clock.sleep(REST_MS)
    }
    return null
  }

  /** Has a worker on the machine until all is over. */
  async #keepWorking(machine: Machine): Promise<void> {
    const { signal } = this.#over
    while (!signal.aborted) {
      await this.#process(this.#shared.boot(machine), async (workspace) => {
        const worker = new Worker(workspace, {
          concurrency: CONCURRENCY,
          isOnce: false,
          emitter: this.#emitter(),
          words: inProperties,
          tell: async (news) => {
            if (news.kind === 'trouble') this.starts.push(await told(news.error, undefined, null))
          },
        })
        await worker.work(signal)
      })
      await this.#clock.sleep(REST_MS, signal)
    }
  }

  /** Looks at the run until it is finished, and lets it go on where it is held. */
  async #untilFinished(id: string): Promise<string | null> {
    for (let holds = 0; holds < MOST_STARTS; ) {
      const state = await this.#atDesk(async ({ store }) => (await store.findRun(id))?.state)
      if (state !== undefined && isFinished(state)) return null
      if (state === 'held') {
        holds += 1
        await this.#resume(id, holds)
      }
      await this.#clock.sleep(LOOK_MS)
    }
    return `not finished after ${MOST_STARTS} holds`
  }

  /** After some holds the trouble ends; then a person who has waited long enough decides what is in doubt. */
  async #resume(id: string, holds: number): Promise<void> {
    if (holds >= HOLDS_UNTIL_CALM) this.#world.calm()
    const decides = holds > HOLDS_UNTIL_CALM
    if (decides) {
      await this.#clock.sleep(this.#shared.untilAllAwakeMs + PATIENCE_MS)
      this.#world.noteDecision()
    }
    await this.#atDesk(async (workspace) => {
      const handle = new RunHandle(workspace, await takeRun(workspace, id), this.#emitter())
      try {
        const onUnknownCreate = decides ? await decisionOf(this.#world, handle) : 'hold'
        if (decides && (await hasNoResults(handle))) await handle.cancel()
        // What the person has said of creates in doubt is known to this process only.
        const until = decides ? 'finished' : 'round'
        await handle.drive({ onUnknownCreate, releaseHeld: true, until, writesAnswers: false })
      } finally {
        handle.close()
      }
    })
  }

  async #fetch(workspace: Workspace, id: string): Promise<void> {
    const handle = new RunHandle(workspace, await takeRun(workspace, id), this.#emitter())
    try {
      const { report } = await handle.drive()
      const message = toldReport(report, inProperties).run.reason
      this.starts.push({ exitCode: exitCodeOf(report, 0), message, report })
    } finally {
      handle.close()
    }
  }

  async #atDesk<Result>(work: (workspace: Workspace) => Promise<Result>): Promise<Result | undefined> {
    return await this.#process(this.#shared.boot(this.#desk, true), work)
  }

  /** One process from its start to its end; undefined where it died, or ended with an error, which was told then. */
  async #process<Result>(
    { life, workspace }: MachineProcess,
    work: (workspace: Workspace) => Promise<Result>,
  ): Promise<Result | undefined> {
    const working = workspace.then(async (opened) => {
      try {
        return await work(opened)
      } finally {
        await opened.close()
      }
    })
    const ending = working.catch(async (error: unknown) => {
      if (!life.isOver) this.starts.push(await told(error, undefined, null))
      return undefined
    })
    const result = await Promise.race([ending, life.ended.then(() => undefined)])
    life.end()
    return result
  }

  #emitter(): EventEmitter<{ event: [RunEvent] }> {
    const emitter = new EventEmitter<{ event: [RunEvent] }>()
    emitter.on('event', (event) => this.events.push(event))
    return emitter
  }
}
