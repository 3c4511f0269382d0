import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Configuration, loadConfiguration } from '../../src/config/configuration.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { findProvider } from '../../src/providers/registry.ts'
import { DEFAULT_DURATIONS, type Durations } from '../../src/server/options.ts'
import type { DialectName } from '../../src/server/state/record.ts'
import { openWorkspace, type PlaceSources, type Workspace } from '../../src/workspace/workspace.ts'
import { Chance, randomOf } from './chance.ts'
import type { HttpAnswer, Message } from './exchange.ts'
import { type Crash, type CrashKind, immortal, Life } from './life.ts'
import { nonceIn } from './nonce.ts'
import { ProcessDisk } from './process-disk.ts'
import { endOfCall, type SentCall, sentCall } from './sent-call.ts'
import { isTelling, type SentCreate, sentCreate } from './sent-create.ts'
import { type DiskTrouble, SimulatedDisk } from './simulated-disk.ts'
import { type CallName, simulatedTransport, type Weather } from './simulated-network.ts'
import { addStrangers, addTwin, openProvider, type SimulatedProvider } from './simulated-provider.ts'
import { VirtualTime } from './virtual-time.ts'

/** Secrets that must never be seen outside; unlikely enough that finding one is a leak. */
export const CANARY_KEY = 'sk-canary-key-7f3a91c4d2'

/** The key of another account, which sees nothing of the first one's. */
export const STRAY_KEY = 'sk-stray-key-0c55e2b871'

const ORIGIN = 'http://127.0.0.1:4010'

export const HOME = '/machine/home'
export const WORK = '/machine/work'

/** How long a listing may lag, and a create may be on its way, before the client takes absence for proved. */
export const SETTLE_MS = 4_000

/** Rows that are asked directly, the first ones, where a world has a canary. */
export const CANARY_ROWS = 3

/** What the trace says where a person decides. */
export const DECISION = 'a person decides about creates without an answer'

/** Faults of a world, counted from when it begins. */
export interface Trouble {
  readonly faults: readonly string[]
  readonly weather: Weather
  readonly diskTrouble: DiskTrouble
  readonly crashes: readonly Crash[]
}

/** A world in which nothing goes wrong. */
export const NO_TROUBLE: Trouble = {
  faults: [],
  weather: () => undefined,
  diskTrouble: () => undefined,
  crashes: [],
}

/** Options of a world. The same options make the same world, step for step. */
export interface WorldOptions {
  readonly seed: number
  readonly maxRequests: number
  readonly trouble: Trouble
  readonly durations: Partial<Durations>
  /** Batches of others in the same account. */
  readonly strangers: number
  /** Requests of a batch that another user of the account has made just before; null for none. */
  readonly twin: number | null
  readonly provider: DialectName
  readonly hasCanary: boolean
  /** After how many wakes the world counts as a busy loop. @default as many as one machine may need */
  readonly mostWakes?: number
}

/** A process of the command: where it is, whose it is, and how it opens its home. */
export interface Process {
  readonly life: Life
  readonly apiKey: string
  readonly clock: Clock
  readonly disk: ProcessDisk
  /** The folder of its user, and the home that is named to it. */
  readonly userFolder: string
  readonly home: string
  readonly open: (sources: PlaceSources) => Promise<Workspace>
}

/** A machine with a user, a network and a provider, all in this process and in virtual time. */
export class World {
  readonly time = new VirtualTime()
  readonly disk: SimulatedDisk
  readonly provider: SimulatedProvider
  /** Every step and every delivery, in order. */
  readonly trace: string[] = []
  /** Bodies of result files as the client was answered, by URL path. */
  readonly downloads = new Map<string, Uint8Array[]>()
  /** Answers to synchronous calls as the provider gave them, in order; the client may have died before they came. */
  readonly directAnswers: { readonly nonce: string; readonly body: string; readonly atMs: number }[] = []
  /** What was uploaded, as it was sent, by file id. */
  readonly uploads = new Map<string, string>()
  /** Creates in the order in which they were sent. */
  readonly creates: SentCreate[] = []
  /** The same of synchronous calls. */
  readonly calls: SentCall[] = []
  /** Crashes that came to pass, in words. */
  readonly crashed: string[] = []
  readonly #options: WorldOptions
  readonly #chance: Chance
  readonly #realRoot: string
  readonly #outerClock
  #weather: Weather
  #crashes: readonly Crash[]
  #steps = 0

  private constructor(options: WorldOptions, realRoot: string, time: VirtualTime, provider: SimulatedProvider) {
    this.#options = options
    this.#chance = new Chance(options.seed ^ 0x5eed)
    this.#realRoot = realRoot
    this.time = time
    this.provider = provider
    this.disk = new SimulatedDisk(realRoot)
    this.disk.trouble = options.trouble.diskTrouble
    this.#weather = options.trouble.weather
    this.#crashes = options.trouble.crashes
    this.#outerClock = time.clockOf(immortal())
  }

  static async open(options: WorldOptions): Promise<World> {
    const time = new VirtualTime(options.mostWakes)
    const durations = { ...DEFAULT_DURATIONS, ...options.durations }
    const {
      seed,
      trouble: { faults },
    } = options
    const provider = await openProvider({ time, seed, durations, faults, accounts: { [STRAY_KEY]: 'another' } })
    addStrangers(provider, options.provider, options.strangers, time.now)
    if (options.twin !== null) await addTwin(provider, options.provider, options.twin)
    const world = new World(options, mkdtempSync(join(fastFolder(), `llm-batch-proof-${process.pid}-`)), time, provider)
    for (const folder of ['/machine', WORK]) {
      world.disk.makeFolder(folder)
      world.disk.syncFolder(folder === WORK ? '/machine' : '/')
    }
    return world
  }

  /** Remembers when a person has said what is to become of creates without an answer. */
  noteDecision(): void {
    this.trace.push(`${this.time.elapsed} ms, ${DECISION}`)
  }

  get steps(): number {
    return this.#steps
  }

  /** Starts a process of the command in this world: a workspace on its disk, its clock and its network. */
  boot(apiKey: string): { readonly life: Life; readonly workspace: Promise<Workspace> } {
    const life = new Life((name) => this.#isLastStep(name))
    const clock = this.time.clockOf(life)
    const disk = new ProcessDisk(this.disk, life)
    const workspace = this.open({ life, apiKey, clock, disk, userFolder: HOME, home: HOME, open: openWorkspace })
    return { life, workspace }
  }

  /** Opens the home for a process, on its disk, its clock and its network. */
  open(process: Process): Promise<Workspace> {
    const workspace = this.#openWorkspace(process)
    // A caller that waits for it later hears of a failure then.
    workspace.catch(() => undefined)
    return workspace
  }

  /** Numbers a step of a process on a machine, and tells whether the process dies in front of it. */
  takeStep(name: string, machine: string): boolean {
    return this.#isLastStep(name, `${machine}: `)
  }

  /** Begins trouble in a world that had none; steps are counted anew. */
  begin({ crashes, diskTrouble, faults, weather }: Trouble): void {
    this.provider.simulator.faults.set(faults)
    this.#weather = weather
    this.disk.trouble = diskTrouble
    this.#crashes = crashes
    this.#steps = 0
  }

  /** Ends all trouble, as a person would wait for. */
  calm(): void {
    this.provider.simulator.faults.set([])
    this.#weather = () => undefined
    this.disk.trouble = () => undefined
  }

  /** Lets time pass. */
  async wait(milliseconds: number): Promise<void> {
    await this.time.runUntil(this.#outerClock.sleep(milliseconds))
  }

  /** What must be done after a process died, before another one starts. */
  cleanUpAfter(kind: CrashKind): void {
    if (kind === 'power loss') this.disk.losePower(this.#chance)
    else this.disk.dropConnections()
  }

  /** Damages files of outcomes whose raw result files are there, from which they can be made again. */
  rot(): void {
    for (const [path] of this.disk.files()) {
      const [, attempt] = /^(.*\/results\/\d+)(?:-held)?\.columns$/.exec(path) ?? []
      if (attempt === undefined) continue
      const raw = ['output', 'error'].map((role) => this.disk.find(`${attempt}-${role}.jsonl`))
      if (raw.some((entry) => entry !== undefined)) this.disk.damage(path, this.#chance)
    }
  }

  /** The last crash that came to pass. */
  lastCrash(): CrashKind {
    return this.crashed.at(-1)?.startsWith('power loss') ? 'power loss' : 'death'
  }

  close(): void {
    this.disk.dropConnections()
    rmSync(this.#realRoot, { recursive: true, force: true })
  }

  #isLastStep(name: string, where = ''): boolean {
    this.#steps += 1
    this.trace.push(`${this.time.elapsed} ms, step ${this.#steps}: ${where}${name}`)
    const crash = this.#crashes.find(({ step }) => step === this.#steps)
    if (!crash) return false
    this.crashed.push(`${crash.kind} before ${name.split(' ')[0]}`)
    this.trace.push(`${this.time.elapsed} ms, ${crash.kind} before step ${this.#steps}`)
    return true
  }

  async #openWorkspace({ clock, disk, home, life, open, userFolder, ...process }: Process): Promise<Workspace> {
    const environment = environmentOf(process.apiKey)
    const random = randomOf(this.#chance)
    const configuration = await this.#configuration({ disk, environment, home, userFolder })
    const workspace = await open({ configuration, environment, disk, clock, random })
    const { httpMs, retryBackoff } = configuration.settings.waits
    const transport = simulatedTransport({
      provider: this.provider,
      life,
      clock,
      outerClock: this.#outerClock,
      idleTimeoutMs: httpMs,
      weather: (call) => this.#weatherOf(call),
      news: {
        onSent: (call, message) => this.#keepPaid(call, message),
        onDelivered: (call, { body, method, url }, answer, isHeard) => {
          this.trace.push(`${this.time.elapsed} ms, ${method} ${url.pathname} came to ${answer?.status ?? 'nothing'}`)
          if (call === 'content' && answer?.status === 200) this.#keepDownload(url.pathname, answer.body)
          if (call === 'direct') this.#keepDirect(body, isHeard ? answer : null)
          if (call === 'upload' && answer?.status === 200) this.#keepUpload(answer.body, body)
        },
      },
    })
    const connect: Workspace['connect'] = async (name) => {
      const entry = findProvider(name)
      const { apiKey, baseUrl } = configuration.credentialsFor(entry)
      const readRetryMs = retryBackoff.firstMs / 10
      return await entry.create(
        { apiKey, baseUrl, transport, clock, random, createTimeoutMs: httpMs, readRetryMs },
        environment,
      )
    }
    // Lists of models are asked before there is anything to lose; a world without them has only calls that a batch needs.
    const describe: Workspace['describe'] = async (name) => without('describeModel', await workspace.describe(name))
    return { ...workspace, connect, describe }
  }

  async #configuration({
    home,
    ...sources
  }: Pick<PlaceSources, 'disk' | 'environment'> & Pick<Process, 'home' | 'userFolder'>): Promise<Configuration> {
    const flags = { home, maxRequests: this.#options.maxRequests }
    const configuration = await loadConfiguration({ ...sources, flags, workingFolder: WORK })
    const canary = { isOn: this.#options.hasCanary, aboveRequests: 4, requests: CANARY_ROWS }
    return {
      ...configuration,
      prices: {
        'openai/gpt-6-luna': DOLLAR_A_TOKEN,
        'mistral/mistral-small-latest': DOLLAR_A_TOKEN,
        'anthropic/claude-haiku-5-5': DOLLAR_A_TOKEN,
        'gemini/gemini-3.8-flash': DOLLAR_A_TOKEN,
      },
      settings: { ...configuration.settings, waits: SIMULATED_WAITS, isCountingTokens: false, canary },
    }
  }

  #weatherOf(call: CallName) {
    const trouble = this.#weather(call)
    if (trouble) this.trace.push(`${this.time.elapsed} ms, network: ${trouble.fault} on ${call}`)
    return trouble
  }

  #keepUpload(answer: Uint8Array, body: Uint8Array | null): void {
    const text = Buffer.from(answer).toString()
    const id = /"id":"([^"]+)"/.exec(text)?.[1] ?? /"name":"files\/([^"]+)"/.exec(text)?.[1]
    if (id !== undefined && body) this.uploads.set(id, Buffer.from(body).toString())
  }

  #keepDirect(asked: Uint8Array | null, answer: HttpAnswer | null): void {
    const nonce = nonceIn(Buffer.from(asked ?? []).toString())
    const body = answer?.status === 200 ? Buffer.from(answer.body).toString() : ''
    this.directAnswers.push({ nonce, body, atMs: this.time.now })
  }

  /** Keeps the calls that cost money. */
  #keepPaid(call: CallName, message: Message): (end: HttpAnswer | 'unreached') => void {
    if (call === 'direct') return this.#keepCall(message)
    if (call !== 'create') return () => undefined
    const create = sentCreate(message, this.trace.length)
    this.creates.push(create)
    return (end) => {
      if (isTelling(end)) create.answeredAt = this.trace.length
    }
  }

  #keepCall(message: Message): (end: HttpAnswer | 'unreached') => void {
    const made = sentCall(message, this.time.now)
    this.calls.push(made)
    return (end) => {
      made.end = endOfCall(end)
    }
  }

  #keepDownload(path: string, body: Uint8Array): void {
    this.downloads.set(path, [...(this.downloads.get(path) ?? []), body])
  }
}

/** Two dollars at the standard price, one in a batch: then tokens of batches are dollars. */
const DOLLAR_A_TOKEN = { inputUsdPerMillion: 2_000_000, outputUsdPerMillion: 2_000_000 }

/** Long enough to order events, and short enough that a run takes few turns: the client looks about every second. */
const SIMULATED_WAITS: Configuration['settings']['waits'] = {
  pollMs: 500,
  pollMostMs: 3_000,
  settleMs: SETTLE_MS,
  unfencedMs: 6_000,
  httpMs: 2_000,
  directMs: 2_000,
  windUpMs: 60_000,
  retryBackoff: { firstMs: 100, factor: 2, mostMs: 12_000 },
  absentMs: 60_000,
  retryAfterMostMs: 60_000,
  queueBackoff: { firstMs: 500, factor: 2, mostMs: 12_000 },
}

function environmentOf(apiKey: string): Readonly<Record<string, string>> {
  return {
    OPENAI_API_KEY: apiKey,
    OPENAI_BASE_URL: `${ORIGIN}/openai/v1`,
    MISTRAL_API_KEY: apiKey,
    MISTRAL_BASE_URL: `${ORIGIN}/mistral/v1`,
    ANTHROPIC_API_KEY: apiKey,
    ANTHROPIC_BASE_URL: `${ORIGIN}/anthropic/v1`,
    GEMINI_API_KEY: apiKey,
    GEMINI_BASE_URL: `${ORIGIN}/gemini/v1beta`,
  }
}

/** Memory where the machine offers it as a folder, because databases are opened thousands of times. */
function fastFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
}

/** The same object without an optional member. */
function without<Whole extends object, Name extends keyof Whole>(name: Name, whole: Whole): Omit<Whole, Name> {
  const { [name]: _, ...rest } = whole
  return rest
}
