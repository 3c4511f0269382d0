import type { Clock } from '../../src/lib/clock.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres-database.ts'
import { storeOver } from '../../src/store/postgres/postgres-store.ts'
import { runFolder, statePath } from '../../src/store/run-folder.ts'
import { type PlaceSources, siteOf, type Workspace } from '../../src/workspace/workspace.ts'
import { Chance } from './chance.ts'
import { HaltingLife } from './halting-life.ts'
import { immortal } from './life.ts'
import { Machine, type MachineOptions } from './machine.ts'
import { ProcessDisk } from './process-disk.ts'
import { SimulatedPostgres } from './simulated-postgres.ts'
import { CANARY_KEY, HOME, type World } from './world.ts'

/** A halt of a process, in front of one of its steps. */
export interface Halt {
  /** How the names of the steps begin that count; empty for any step. */
  readonly before: string
  /** Which of them it is, from 1, counted through all processes. */
  readonly number: number
  readonly forMs: number
  /** True where the whole machine sleeps, so that its monotonic clock stands still as well. */
  readonly isAsleep: boolean
}

/** The address under which the machines know their home. */
const ADDRESS = 'postgres://batches@db.example/work'
const SCHEMA = 'llm_batch'

/** Milliseconds that an effect may take, and its answer; most take no time that tells. */
const TRAVELS_MS = [0, 0, 0, 1, 3, 20] as const

/** A process on one of the machines. */
export interface MachineProcess {
  readonly life: HaltingLife
  readonly workspace: Promise<Workspace>
}

/** A home that machines share: a database and a folder, both of which all of them see, in a world that stays as it is. */
export class SharedHome {
  /** Halts that came to pass, in words. */
  readonly halted: string[] = []
  /** What followed from them, in words; each as often as it happened. */
  readonly consequences: string[] = []
  /** What must never happen, in words: writes of a fenced process, locks that were taken from a living one. */
  readonly fencedWrites: string[] = []
  readonly robberies: string[] = []
  readonly #world: World
  readonly #postgres: SimulatedPostgres
  readonly #clock: Clock
  readonly #chance: Chance
  readonly #halts: readonly Halt[]
  readonly #counts = new Map<Halt, number>()
  #wokenAtMs = 0

  private constructor(world: World, postgres: SimulatedPostgres, clock: Clock, chance: Chance, halts: readonly Halt[]) {
    this.#world = world
    this.#postgres = postgres
    this.#clock = clock
    this.#chance = chance
    this.#halts = halts
  }

  static async open(world: World, seed: number, halts: readonly Halt[]): Promise<SharedHome> {
    const clock = world.time.clockOf(immortal())
    world.disk.makeFolder(HOME)
    world.disk.syncFolder('/machine')
    const news = {
      onRefused: () => shared.consequences.push('write of a fenced process refused'),
      onTakenOver: () => shared.consequences.push('run taken over from a silent process'),
      onFenced: (statement: string) => shared.fencedWrites.push(statement.trim().slice(0, 60)),
      onRobbed: () => shared.robberies.push(`${world.time.elapsed} ms`),
    }
    const postgres = await world.time.runUntil(SimulatedPostgres.start(world.disk, statePath(HOME), clock, news))
    const shared: SharedHome = new SharedHome(world, postgres, clock, new Chance(seed ^ 0x2ace), halts)
    return shared
  }

  /** Milliseconds until the last process that is halted wakes up; 0 where none is. */
  get untilAllAwakeMs(): number {
    return Math.max(0, this.#wokenAtMs - this.#world.time.elapsed)
  }

  /** Starts a process on a machine. At the desk nothing goes wrong. */
  boot(machine: Machine, isAtDesk = false): MachineProcess {
    const life: HaltingLife = new HaltingLife(
      (name) => !isAtDesk && this.#takeStep(life, machine, name),
      () => this.#travel(),
      (name) => this.#noteLate(life, name),
    )
    const clock = this.#world.time.clockOn(machine, life)
    const workspace = this.#world.open({
      life,
      apiKey: CANARY_KEY,
      clock,
      disk: new ProcessDisk(this.#world.disk, life),
      userFolder: machine.folder,
      home: ADDRESS,
      open: (sources) => this.#workspace(sources, life),
    })
    return { life, workspace }
  }

  async #workspace(sources: PlaceSources, life: HaltingLife): Promise<Workspace> {
    const sessions = this.#postgres.sessionsOf(life)
    const database = new PostgresDatabase(sessions, sources.clock, SCHEMA)
    const { clock, store } = await storeOver(sessions, database, sources.clock, SCHEMA)
    return {
      ...siteOf(sources),
      clock,
      store,
      filesFolder: HOME,
      filesPlace: HOME,
      folderOf: (id) => runFolder(HOME, id),
      close: () => store.close(),
    }
  }

  #takeStep(life: HaltingLife, machine: Machine, name: string): boolean {
    if (this.#world.takeStep(name, machine.name)) return true
    for (const halt of this.#halts) {
      if (!name.startsWith(halt.before)) continue
      const count = (this.#counts.get(halt) ?? 0) + 1
      this.#counts.set(halt, count)
      if (count === halt.number && !life.isHalted) this.#halt(life, machine, halt, name)
    }
    return false
  }

  #halt(life: HaltingLife, machine: Machine, { forMs, isAsleep }: Halt, name: string): void {
    const { time, trace } = this.#world
    this.halted.push(`${isAsleep ? 'asleep' : 'halted'} before ${name.split(' ')[0]}`)
    trace.push(`${time.elapsed} ms, ${machine.name} is ${isAsleep ? 'asleep' : 'halted'} for ${forMs} ms`)
    this.#wokenAtMs = Math.max(this.#wokenAtMs, time.elapsed + forMs)
    life.halt()
    void this.#wakeLater(life, machine, isAsleep ? forMs : 0, forMs)
  }

  async #wakeLater(life: HaltingLife, machine: Machine, sleptMs: number, haltedMs: number): Promise<void> {
    await this.#clock.sleep(haltedMs)
    machine.sleptMs += sleptMs
    this.#world.trace.push(`${this.#world.time.elapsed} ms, ${machine.name} wakes up`)
    life.wake()
  }

  /** Notes what a process does that has just woken up and is fenced. */
  #noteLate(life: HaltingLife, name: string): void {
    if (!this.#postgres.isFenced(life)) return
    if (name.startsWith('send create')) this.consequences.push('create sent by a fenced process')
  }

  async #travel(): Promise<void> {
    const travelMs = this.#chance.pick(TRAVELS_MS)
    if (travelMs > 0) await this.#clock.sleep(travelMs)
  }
}

/** The machines of a home, each with its folder. */
export function machinesOf(world: World, options: readonly MachineOptions[]): readonly Machine[] {
  return options.map((one) => {
    const machine = new Machine(one)
    world.disk.makeFolder(machine.folder)
    return machine
  })
}
