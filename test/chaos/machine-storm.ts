import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { onTestFinished } from 'vitest'
import { seededFraction } from '../../src/lib/random.ts'
import { type BucketFault, BucketServer } from '../support/bucket-server.ts'
import { type Ended, expectExit, type Started, start, typeHere } from '../support/command.ts'
import { TestPostgres } from '../support/embedded-postgres.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { newMachine, type TestMachine } from '../support/machines.ts'
import { stormOf } from './random-faults.ts'

export const WORKERS = ['one', 'two', 'three'] as const

/** Long enough for creates that come late, and for three workers on two busy cores. */
const WAITS = { settle: '2s', unfenced: '2500ms', http: '2s', absent: '20s', queue: '100ms' }

/** Batches meet in the queue: a worker takes up a run once a second. */
const DURATIONS = { runMs: 500 }

const BUCKET_FAULTS: readonly BucketFault[] = ['status 500', 'status 503', 'cut body', 'lost answer']

const CONFIG_FILE = 'llm-batch.config.json'

/** What each machine is configured with besides the waits; the server enforces the same queue limit. */
export interface StormConfig {
  readonly queueTokens: number
  readonly config: { readonly budget: object } & object
}

/** A home whose parts all fail, and what a storm does to them. */
export class MachineStorm {
  readonly fraction: () => number
  readonly #database: TestPostgres
  readonly #world: LocalWorld
  readonly #machines = new Map<string, TestMachine>()
  readonly #workers = new Map<string, Started>()
  /** Workers are ended and started again by more than one. */
  readonly #inTurn = pLimit(1)
  isOver = false

  private constructor(seed: number, world: LocalWorld, database: TestPostgres) {
    this.fraction = seededFraction(seed)
    this.#world = world
    this.#database = database
  }

  static async open(seed: number, { config, queueTokens }: StormConfig): Promise<MachineStorm> {
    const faults = [...stormOf(seed).faults, ...stormOf(seed + 1_000_000).faults]
    // What only some of the providers have.
    const fit = faults.filter((fault) => !/queue-full|expire|metadata-dropped/.test(fault))
    const world = await openWorld({ waits: WAITS, durations: DURATIONS, seed, faults: fit, queueTokens, config })
    const [database, bucket] = await Promise.all([TestPostgres.start(), BucketServer.start()])
    onTestFinished(() => database.stop())
    onTestFinished(() => bucket.stop())
    const storm = new MachineStorm(seed, world, database)
    const variables = { LLM_BATCH_HOME: database.url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret' }
    for (const name of ['desk', ...WORKERS]) storm.#machines.set(name, await newMachine(world, name, variables))
    expectExit(await storm.type('init', '--files', bucket.address()), 0)
    bucket.fault = () => (!storm.isOver && storm.fraction() < 0.05 ? storm.#pick(BUCKET_FAULTS) : null)
    return storm
  }

  get world(): LocalWorld {
    return this.#world
  }

  /** What the person types at the desk. */
  async type(...words: readonly string[]): Promise<Ended> {
    return await this.typeAt('desk', ...words)
  }

  async typeAt(machine: string, ...words: readonly string[]): Promise<Ended> {
    return await typeHere(this.#machineOf(machine), ...words)
  }

  async write(name: string, text: string): Promise<void> {
    await this.#machineOf('desk').write(name, text)
  }

  startWorkers(): void {
    for (const name of WORKERS) this.#startWorker(name)
  }

  /** Kills workers and the database while batches are made, as far as the books tell how far the work has come. */
  async strike(): Promise<void> {
    const blows = Array.from({ length: 5 }, () => 1 + Math.floor(this.fraction() * 12)).sort((a, b) => a - b)
    for (const [index, created] of blows.entries()) {
      while (!this.isOver && (await this.#world.server.ledger()).batchesCreated < created) await sleep(20)
      if (this.isOver) return
      if (index === 2) await this.#restartDatabase()
      else await this.#restartWorker(this.#pick(WORKERS), 'SIGKILL')
    }
  }

  /** Gives all machines another budget; workers take it up when they are started again. */
  async setBudget(budget: object): Promise<void> {
    for (const machine of this.#machines.values()) {
      const before = JSON.parse(await readFile(`${machine.folder}/${CONFIG_FILE}`, 'utf8')) as { budget: object }
      await machine.write(CONFIG_FILE, JSON.stringify({ ...before, budget: { ...before.budget, ...budget } }))
    }
    await Promise.all(WORKERS.map((name) => this.#restartWorker(name, 'SIGTERM')))
  }

  /** Ends all that goes wrong; what is on its way arrives. */
  async calm(): Promise<void> {
    this.isOver = true
    this.#world.server.setFaults([])
    await this.#world.server.drain()
  }

  /** Tells the workers to stop, and how they ended. */
  async stopWorkers(): Promise<readonly (number | null)[]> {
    return await this.#inTurn(async () => {
      for (const { process } of this.#workers.values()) process.kill('SIGTERM')
      return await Promise.all([...this.#workers.values()].map(async ({ ended }) => (await ended).code))
    })
  }

  async #restartWorker(name: string, signal: NodeJS.Signals): Promise<void> {
    await this.#inTurn(async () => {
      const worker = this.#workers.get(name)
      worker?.process.kill(signal)
      await worker?.ended
      this.#startWorker(name)
    })
  }

  #startWorker(name: string): void {
    this.#workers.set(name, start(this.#machineOf(name), ['worker', '--quiet', '--concurrency', '3']))
  }

  async #restartDatabase(): Promise<void> {
    await this.#database.kill()
    await this.#database.restart()
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.fraction() * items.length)] as Item
  }

  #machineOf(name: string): TestMachine {
    const machine = this.#machines.get(name)
    if (!machine) throw new Error(`there is no machine ${name}`)
    return machine
  }
}
