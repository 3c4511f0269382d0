import pLimit from 'p-limit'
import type { GatheringLimits } from '../calls/gathering.ts'
import { DAY_MS } from '../lib/duration.ts'
import { LlmBatchError } from '../model/error.ts'
import { inFlags } from '../model/options/mention.ts'
import type { Provider } from '../providers/provider.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { GatewayRun, type JournalPlace, journalPath } from './gateway-run.ts'

/** Options of a gateway. */
export interface GatewayOptions {
  /** Runs are called by it and the day in UTC. */
  readonly name: string
  readonly provider: string
  readonly gathering: GatheringLimits
  /** The most each run may cost. @default as the configuration says */
  readonly maxCostUsd?: number | undefined
  /** Sends again, when a run is opened, what ended without an answer and certainly without a bill. @default false */
  readonly retries?: boolean | undefined
  readonly journals: JournalPlace
  /** Told of trouble with a run that no client hears of. */
  readonly onTrouble: (run: string, error: unknown) => void
  /** Told of a run that waits for a person, once. */
  readonly onHeld: (run: string) => void
}

/** Which run a call is for. */
export interface RunWish {
  /** The run of this name; undefined for the one of the day. */
  readonly named: string | undefined
  /** The row of the call. */
  readonly callId: string
  /** True where the client has made this call before. */
  readonly isAgain: boolean
}

/** How often runs are looked at whose driving has ended, such as by a failure. */
const TEND_MS = 30_000

/** A run that was not asked for anything for so long is let go of, where nothing of it is open. */
const IDLE_MS = 600_000

/** The runs that calls of programs go to: one for each day, and those that programs name. */
export class Gateway {
  readonly provider: Provider
  readonly workspace: Workspace
  readonly #options: GatewayOptions
  /** By name. */
  readonly #runs = new Map<string, Promise<GatewayRun>>()
  /** Runs that were told of as held. */
  readonly #held = new Set<string>()
  /** Opening and closing: a run that is being let go of cannot be opened. */
  readonly #inTurn = pLimit(1)
  readonly #stopping = new AbortController()

  /**
   * Opens the run of the day, and those in which calls are open. Throws where the key is missing, where the name belongs to
   * another run, and `busy` where another process works with it.
   */
  static async open(workspace: Workspace, options: GatewayOptions): Promise<Gateway> {
    const gateway = new Gateway(workspace, await workspace.connect(options.provider), options)
    await gateway.#run(gateway.#nameOn(0))
    await gateway.#takeUp(true)
    await gateway.#letGo(0)
    void gateway.#tend()
    return gateway
  }

  private constructor(workspace: Workspace, provider: Provider, options: GatewayOptions) {
    this.workspace = workspace
    this.provider = provider
    this.#options = options
  }

  /** The name of the run that calls go to today. */
  get runOfDay(): string {
    return this.#nameOn(0)
  }

  /** The run that a call goes to. Over midnight a call that is made again goes on where it is. */
  async runFor({ callId, isAgain, named }: RunWish): Promise<GatewayRun> {
    if (named !== undefined) return await this.#run(named)
    const today = await this.#run(this.#nameOn(0))
    if ((await today.state(callId)) !== undefined) return today
    const yesterday = this.#nameOn(-1)
    // While calls of it are open, and for some time after that, it is at hand.
    const before = await (isAgain ? this.#existing(await this.#named(yesterday)) : this.#runs.get(yesterday))
    const found = await before?.state(callId)
    const isOpen = found?.state === 'queued' || found?.state === 'in_progress'
    return before && (isOpen || (isAgain && found !== undefined)) ? before : today
  }

  /** The run of this id, where it is one of calls that a gateway has taken; undefined for any other. */
  async runById(runId: string): Promise<GatewayRun | undefined> {
    const run = await this.#existing(await this.workspace.store.findRun(runId))
    run?.touch()
    return run
  }

  /** Runs with calls that have no answer, and how many. */
  async unanswered(): Promise<readonly { readonly run: string; readonly calls: number }[]> {
    const runs = await Promise.all(this.#runs.values())
    const counted = await Promise.all(runs.map(async (run) => ({ run: run.name, calls: await run.unanswered() })))
    return counted.filter(({ calls }) => calls > 0)
  }

  /** Lets go of all runs; nothing is cancelled at the provider, and the next gateway goes on. */
  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#inTurn(async () => {
      await Promise.all([...this.#runs.values()].map(async (run) => (await run).close()))
    })
  }

  #nameOn(day: number): string {
    const at = new Date(this.workspace.clock.now() + day * DAY_MS)
    return `${this.#options.name}-${at.toISOString().slice(0, 10)}`
  }

  #run(name: string): Promise<GatewayRun> {
    const there = this.#runs.get(name)
    if (there) return there
    const opened = this.#inTurn(() => this.#open(name))
    this.#runs.set(name, opened)
    opened.catch(() => {
      if (this.#runs.get(name) === opened) this.#runs.delete(name)
    })
    return opened
  }

  async #open(name: string): Promise<GatewayRun> {
    if (this.#stopping.signal.aborted) {
      throw new LlmBatchError('busy', 'the gateway is being stopped', { next: 'Ask again when it is started.' })
    }
    const { gathering, journals, maxCostUsd, onTrouble, provider, retries } = this.#options
    return await GatewayRun.open(
      this.workspace,
      {
        name,
        provider,
        gathering,
        maxCostUsd,
        retries,
        words: inFlags,
        onTrouble: (error) => onTrouble(name, error),
      },
      journals,
    )
  }

  async #named(name: string): Promise<RunRecord | undefined> {
    return (await this.workspace.store.listRuns()).find((record) => record.name === name)
  }

  /** A run that is there, opened; undefined where there is none, or none of a gateway of this provider. */
  async #existing(record: RunRecord | undefined): Promise<GatewayRun | undefined> {
    const name = record?.name ?? null
    return record && name !== null && (await this.#isOurs(record)) ? await this.#run(name) : undefined
  }

  async #isOurs({ definition, id }: RunRecord): Promise<boolean> {
    const { journals, provider } = this.#options
    return definition.provider === provider && (await journals.disk.size(journalPath(journals, id))) !== undefined
  }

  /** Opens runs with open calls: what the catalog says of them and, at the start, what their journals hold. */
  async #takeUp(isAtStart: boolean): Promise<void> {
    const { store } = this.workspace
    const states = new Map((await store.waitingRuns()).map(({ id, state }) => [id, state]))
    for (const record of await store.listRuns()) {
      const { id, name } = record
      const state = states.get(id)
      if (name === null || state === undefined || this.#runs.has(name) || !(await this.#isOurs(record))) continue
      // Nothing of an open run is on its way.
      if (state !== 'open' || (isAtStart && (await this.#hasJournal(id)))) await this.#takeUpRun(name)
    }
  }

  async #takeUpRun(name: string): Promise<void> {
    try {
      await this.#run(name)
    } catch (error) {
      // A run that another process works with is left to it; the others go on.
      if (!LlmBatchError.isInstance(error) || error.code !== 'busy') this.#options.onTrouble(name, error)
    }
  }

  async #hasJournal(runId: string): Promise<boolean> {
    const { journals } = this.#options
    return ((await journals.disk.size(journalPath(journals, runId))) ?? 0) > 0
  }

  /** Goes on with runs whose driving has ended, and lets go of those that are not used. */
  async #tend(): Promise<void> {
    const { clock } = this.workspace
    const { signal } = this.#stopping
    for (;;) {
      await clock.sleep(TEND_MS, signal)
      if (signal.aborted) return
      try {
        for (const run of await Promise.all(this.#runs.values())) await this.#goOn(run)
        await this.#letGo(IDLE_MS)
        await this.#takeUp(false)
      } catch (error) {
        this.#options.onTrouble(this.#options.name, error)
      }
    }
  }

  async #goOn(run: GatewayRun): Promise<void> {
    const isHeld = !(await run.goOn())
    if (isHeld && !this.#held.has(run.id)) this.#options.onHeld(run.name)
    if (isHeld) this.#held.add(run.id)
    else this.#held.delete(run.id)
  }

  /** Lets go of runs without open calls, so that other commands can work with them; the one of the day stays. */
  async #letGo(idleMs: number): Promise<void> {
    const today = this.#nameOn(0)
    for (const [name, opened] of this.#runs) {
      const run = await opened
      if (name === today || run.idleMs < idleMs || (await run.unanswered()) > 0) continue
      this.#runs.delete(name)
      await this.#inTurn(() => run.close())
    }
  }
}
