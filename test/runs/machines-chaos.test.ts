import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { seededFraction } from '../../src/lib/random.ts'
import { stormOf } from '../chaos/random-faults.ts'
import { type BucketFault, BucketServer } from '../support/bucket-server.ts'
import { type Ended, expectExit, parseLines, type Started, start, type } from '../support/command.ts'
import { TestPostgres } from '../support/embedded-postgres.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { newMachine, type TestMachine } from '../support/machines.ts'

/** `MACHINE_SEEDS=20 MACHINE_FROM=100 npm run chaos:machines` runs more of them; a failure names its seed. */
const count = Number(process.env['MACHINE_SEEDS'] ?? 1)
const from = Number(process.env['MACHINE_FROM'] ?? 1)
const seeds = Array.from({ length: count }, (_, index) => from + index)

const MODELS = [
  'openai/gpt-6-luna',
  'mistral/mistral-small-latest',
  'anthropic/claude-haiku-5-5',
  'openai/gpt-6-luna',
  'mistral/mistral-small-latest',
]

const WORKERS = ['one', 'two', 'three']

/** Long enough for creates that come late, and for three workers on two busy cores. */
const WAITS = { settle: '2s', unfenced: '2500ms', http: '2s', absent: '20s', queue: '100ms' }

const BUCKET_FAULTS: readonly BucketFault[] = ['status 500', 'status 503', 'cut body', 'lost answer']

/** Between two looks of the person. */
const LOOK_MS = 300

/** Runs that are held so often are looked at once the trouble is over. */
const HOLDS_UNTIL_CALM = 2

/** What the person sees of a run. */
interface SeenRun {
  readonly name: string
  readonly state: string
}

/** A home whose parts all fail, and what a storm does to them. */
class Storm {
  readonly fraction: () => number
  readonly #database: TestPostgres
  readonly #world: LocalWorld
  readonly #machines = new Map<string, TestMachine>()
  readonly #workers = new Map<string, Started>()
  isOver = false

  private constructor(seed: number, world: LocalWorld, database: TestPostgres) {
    this.fraction = seededFraction(seed)
    this.#world = world
    this.#database = database
  }

  static async open(seed: number): Promise<Storm> {
    const faults = [...stormOf(seed).faults, ...stormOf(seed + 1_000_000).faults]
    // What only some of the providers have.
    const fit = faults.filter((fault) => !/queue-full|expire|metadata-dropped/.test(fault))
    const world = await openWorld({ waits: WAITS, seed, faults: fit })
    const [database, bucket] = [await TestPostgres.start(), await BucketServer.start()]
    onTestFinished(() => database.stop())
    onTestFinished(() => bucket.stop())
    const storm = new Storm(seed, world, database)
    const variables = { LLM_BATCH_HOME: database.url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret' }
    for (const name of ['desk', ...WORKERS]) storm.#machines.set(name, await newMachine(world, name, variables))
    expectExit(await storm.typeAt('desk', 'init', '--files', bucket.address()), 0)
    bucket.fault = () => (!storm.isOver && storm.fraction() < 0.05 ? storm.#pick(BUCKET_FAULTS) : null)
    return storm
  }

  get world(): LocalWorld {
    return this.#world
  }

  async typeAt(machine: string, ...words: readonly string[]): Promise<Ended> {
    return await type(this.#machineOf(machine), ...words)
  }

  async write(machine: string, name: string, text: string): Promise<void> {
    await this.#machineOf(machine).write(name, text)
  }

  startWorker(name: string): void {
    this.#workers.set(name, start(this.#machineOf(name), ['worker', '--quiet', '--concurrency', '3']))
  }

  async killWorker(name: string): Promise<void> {
    const worker = this.#workers.get(name)
    worker?.process.kill('SIGKILL')
    await worker?.ended
  }

  async restartDatabase(): Promise<void> {
    await this.#database.kill()
    await this.#database.restart()
  }

  /** Ends all that goes wrong; what is on its way arrives. */
  async calm(): Promise<void> {
    this.isOver = true
    this.#world.server.setFaults([])
    await this.#world.server.drain()
  }

  async stopWorkers(): Promise<readonly (number | null)[]> {
    for (const { process } of this.#workers.values()) process.kill('SIGTERM')
    return await Promise.all([...this.#workers.values()].map(async ({ ended }) => (await ended).code))
  }

  pickWorker(): string {
    return this.#pick(WORKERS)
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

/** Kills workers and the database while batches are made, as far as the books tell how far the work has come. */
async function strike(storm: Storm): Promise<void> {
  const blows = Array.from({ length: 5 }, () => 1 + Math.floor(storm.fraction() * 18)).sort((one, other) => one - other)
  for (const [index, created] of blows.entries()) {
    while (!storm.isOver && (await storm.world.server.ledger()).batchesCreated < created) await sleep(20)
    if (storm.isOver) return
    if (index === 2) await storm.restartDatabase()
    else {
      const name = storm.pickWorker()
      await storm.killWorker(name)
      storm.startWorker(name)
    }
  }
}

/** Looks after the runs until all are finished: takes up what is held, and decides what only a person can. */
async function seeThrough(storm: Storm): Promise<readonly SeenRun[]> {
  const holds = new Map<string, number>()
  for (;;) {
    const listed = await storm.typeAt('desk', 'runs', '--json')
    const { runs } = listed.code === 0 ? (JSON.parse(listed.stdout) as { runs: SeenRun[] }) : { runs: [] }
    const isFinished = ({ state }: SeenRun): boolean => state === 'completed' || state === 'cancelled'
    if (runs.length === MODELS.length && runs.every(isFinished)) return runs
    for (const { name } of runs.filter(({ state }) => state === 'held')) {
      const held = (holds.get(name) ?? 0) + 1
      holds.set(name, held)
      if (held >= HOLDS_UNTIL_CALM) await storm.calm()
      const decision = held > HOLDS_UNTIL_CALM && name.includes('anthropic') ? ['--on-unknown-create', 'resend'] : []
      await storm.typeAt('desk', 'resume', name, '--no-wait', '--quiet', ...decision)
    }
    await sleep(LOOK_MS)
  }
}

it.each(seeds)(
  'three workers, killed like their database while the bucket fails, answer and pay each row once (seed %i)',
  async (seed) => {
    const storm = await Storm.open(seed)
    const names: string[] = []
    let rows = 0
    for (const [index, model] of MODELS.entries()) {
      const name = `${index}-${model.split('/')[0]}`
      const size = 5 + Math.floor(storm.fraction() * 6)
      await storm.write('desk', `${name}.jsonl`, questions(size, name))
      const words = ['run', `${name}.jsonl`, '--model', model, '--prompt', '{{text}}', '--name', name, '--detach']
      expectExit(await storm.typeAt('desk', ...words, '--no-canary', '--yes', '--max-requests', '2', '--quiet'), 75)
      names.push(name)
      rows += size
    }
    for (const name of WORKERS) storm.startWorker(name)
    const blows = strike(storm)
    const runs = await seeThrough(storm)
    await storm.calm()
    await blows
    expect(await storm.stopWorkers()).toEqual([0, 0, 0])
    expect(runs.map(({ state }) => state)).toEqual(MODELS.map(() => 'completed'))

    const ledger = await storm.world.server.ledger()
    expect(ledger.repeated).toEqual([])
    let succeeded = 0
    for (const name of names) {
      const answers = parseLines((await storm.typeAt('two', 'results', name, '-o', '-')).stdout)
      expect(answers.map(({ id }) => id)).toEqual(answers.map((_, index) => `${name}${index}`))
      for (const { id, llm_output, llm_status } of answers) {
        if (llm_status !== 'succeeded') continue
        succeeded += 1
        expect(String(llm_output)).toContain(`nonce:${name}-${String(id).slice(name.length)}`)
      }
      rows -= answers.length
    }
    expect(rows).toBe(0)
    expect(succeeded).toBe(ledger.rowsBilled)
  },
)
