import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { MachineStorm, WORKERS } from '../chaos/machine-storm.ts'
import { expectExit, parseLines } from '../support/command.ts'
import { questions } from '../support/local-world.ts'
import { type BilledRow, billedRows } from '../support/server-books.ts'

/** `MACHINE_SEEDS=20 MACHINE_FROM=100 npm run chaos:machines` runs more of them; a failure names its seed. */
const count = Number(process.env['MACHINE_SEEDS'] ?? 1)
const from = Number(process.env['MACHINE_FROM'] ?? 1)
const seeds = Array.from({ length: count }, (_, index) => from + index)

/** Two runs share a queue at two of the providers; of each pair one has a cap of its own. */
const RUNS = [
  { name: '0-openai', model: 'openai/gpt-6-luna', isCapped: true },
  { name: '1-mistral', model: 'mistral/mistral-small-latest', isCapped: true },
  { name: '2-anthropic', model: 'anthropic/claude-haiku-5-5', isCapped: false },
  { name: '3-openai', model: 'openai/gpt-6-luna', isCapped: false },
  { name: '4-mistral', model: 'mistral/mistral-small-latest', isCapped: false },
] as const

/** Tokens that may be queued for a model: of one row, where the two runs have six to eight. Two at once are too many. */
const QUEUE_TOKENS = 12

/** Two dollars a token, so one in a batch: then tokens are dollars. A row takes about 22, and is reserved about 100. */
const PRICE = { inputUsdPerMillion: 2_000_000, outputUsdPerMillion: 2_000_000 }
const RUN_CAP_USD = 115
const DAY_CAP_USD = 300
const NO_CAP_USD = 1_000_000

const CONFIG = {
  prices: Object.fromEntries(RUNS.map(({ model }) => [model, PRICE])),
  models: Object.fromEntries(RUNS.map(({ model }) => [model, { limits: { queueTokens: QUEUE_TOKENS } }])),
  budget: { perDayUsd: DAY_CAP_USD, askAboveUsd: NO_CAP_USD },
}

/** Between two looks of the person. */
const LOOK_MS = 500

/** Runs that trouble has held so often are looked at once it is over. */
const HOLDS_UNTIL_CALM = 2

/** What the person sees of a run. */
interface SeenRun {
  readonly name: string
  readonly state: string
  readonly reason: string | null
}

/** Looks after the runs of a storm until all are finished: decides what only a person can, and raises caps. */
class Person {
  readonly #storm: MachineStorm
  readonly #troubles = new Map<string, number>()
  /** When caps were raised that had held runs, by the name of the run; the cap of the day by `day`. */
  readonly raisedAt = new Map<string, number>()

  constructor(storm: MachineStorm) {
    this.#storm = storm
  }

  async seeThrough(): Promise<readonly SeenRun[]> {
    for (;;) {
      const runs = await this.#look()
      const unfinished = runs.filter(({ state }) => state !== 'completed' && state !== 'cancelled')
      if (runs.length === RUNS.length && unfinished.length === 0) return runs
      const held = unfinished.filter(({ state }) => state === 'held')
      const ofDay = held.filter(({ reason }) => reason?.includes('of today (UTC) for all runs'))
      for (const run of held.filter((one) => !ofDay.includes(one))) await this.#decide(run)
      const mayRaise = this.raisedAt.has('day') || ofDay.length === unfinished.length
      if (ofDay.length > 0 && mayRaise) await this.#raiseDay(ofDay)
      await sleep(LOOK_MS)
    }
  }

  async #look(): Promise<readonly SeenRun[]> {
    const { code, stdout } = await this.#storm.type('runs', '--json')
    return code === 0 ? (JSON.parse(stdout) as { runs: SeenRun[] }).runs : []
  }

  async #decide({ name, reason }: SeenRun): Promise<void> {
    if (reason?.includes(`of the cap of $${RUN_CAP_USD}.00`)) {
      this.#note(name)
      await this.#storm.type('resume', name, '--max-cost', String(NO_CAP_USD), '--detach', '--quiet')
      return
    }
    const troubles = (this.#troubles.get(name) ?? 0) + 1
    this.#troubles.set(name, troubles)
    if (troubles >= HOLDS_UNTIL_CALM) await this.#storm.calm()
    const isUnmarked = troubles > HOLDS_UNTIL_CALM && name.includes('anthropic')
    const way = isUnmarked ? ['--no-wait', '--on-unknown-create', 'resend'] : ['--detach']
    await this.#storm.type('resume', name, '--quiet', ...way)
  }

  /** What held runs have left of the day is too little for each of them; it is raised once no other run goes on. */
  async #raiseDay(held: readonly SeenRun[]): Promise<void> {
    if (!this.raisedAt.has('day')) {
      this.#note('day')
      await this.#storm.setBudget({ perDayUsd: NO_CAP_USD })
    }
    for (const { name } of held) await this.#storm.type('resume', name, '--detach', '--quiet')
  }

  #note(cap: string): void {
    if (!this.raisedAt.has(cap)) this.raisedAt.set(cap, Date.now())
  }
}

/** Makes the runs, which nothing is sent of yet; returns how many rows they have. */
async function makeRuns(storm: MachineStorm): Promise<number> {
  let rows = 0
  for (const { isCapped, model, name } of RUNS) {
    const size = 3 + Math.floor(storm.fraction() * 2)
    await storm.write(`${name}.jsonl`, questions(size, name))
    const asked = `run ${name}.jsonl --model ${model} --prompt {{text}} --max-tokens 40 --max-requests 2 --name ${name}`
    const left = `--no-canary --yes --quiet --detach${isCapped ? ` --max-cost ${RUN_CAP_USD}` : ''}`
    const made = await storm.type(...`${asked} ${left}`.split(' '))
    expectExit(made, 75)
    rows += size
  }
  return rows
}

/** No queue was fuller than its limit, and none had no room for a batch. */
async function judgeQueues({ world: { server } }: MachineStorm): Promise<void> {
  const { batches, queues } = await server.ledger()
  expect(batches.filter(({ refusedFor }) => refusedFor === 'token_limit_exceeded')).toEqual([])
  const limited = queues.filter(({ provider }) => provider !== 'anthropic')
  expect(limited).toHaveLength(2)
  for (const { mostTokens } of limited) expect(mostTokens).toBeLessThanOrEqual(QUEUE_TOKENS)
}

/** What was created before a cap was raised cost no more than it, by the books; what a cap had to hold was held. */
async function judgeMoney({ world }: MachineStorm, raisedAt: ReadonlyMap<string, number>): Promise<void> {
  const billed = await billedRows(world)
  const dollarsOf = (rows: readonly BilledRow[]): number => rows.reduce((sum, { tokens }) => sum + tokens, 0)
  const before = (cap: string, rows: readonly BilledRow[]): readonly BilledRow[] =>
    rows.filter(({ createdAtMs }) => createdAtMs < (raisedAt.get(cap) ?? Number.POSITIVE_INFINITY))
  expect(dollarsOf(before('day', billed))).toBeLessThanOrEqual(DAY_CAP_USD)
  for (const { isCapped, name } of RUNS) {
    if (!isCapped) continue
    const own = billed.filter(({ nonce }) => nonce.startsWith(name))
    expect(dollarsOf(before(name, own))).toBeLessThanOrEqual(RUN_CAP_USD)
    // One row and what is reserved for another are more than the cap.
    expect(before(name, own).length).toBeLessThanOrEqual(1)
  }
}

it.each(seeds)(
  'three workers, killed like their database while the bucket fails, answer and pay each row once, within limits (seed %i)',
  async (seed) => {
    const storm = await MachineStorm.open(seed, { queueTokens: QUEUE_TOKENS, config: CONFIG })
    let rows = await makeRuns(storm)
    storm.startWorkers()
    const strikes = storm.strike()
    const person = new Person(storm)
    const runs = await person.seeThrough()
    await storm.calm()
    await strikes
    expect(await storm.stopWorkers()).toEqual(WORKERS.map(() => 0))
    expect(runs.map(({ state }) => state)).toEqual(RUNS.map(() => 'completed'))

    const ledger = await storm.world.server.ledger()
    expect(ledger.repeated).toEqual([])
    let succeeded = 0
    for (const { name } of RUNS) {
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
    await judgeQueues(storm)
    await judgeMoney(storm, person.raisedAt)
  },
)
