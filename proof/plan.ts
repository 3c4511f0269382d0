import type { OutcomeStatus } from '../src/model/outcome.ts'
import type { Durations } from '../src/server/options.ts'
import type { Crash } from './world/life.ts'
import type { MachineOptions } from './world/machine.ts'
import type { Halt } from './world/shared-home.ts'
import type { CallName, NetworkFault } from './world/simulated-network.ts'

/** Providers whose batches carry a mark of ours in fields that are made for it, and whose results stay. */
export const USUAL_PROVIDERS = ['openai', 'mistral'] as const

/** The same and Gemini, where the name of a batch is its only mark and a batch that expires leaves nothing. */
export const MARKED_PROVIDERS = [...USUAL_PROVIDERS, 'gemini'] as const

/** The same and Anthropic, where nothing but likeness tells whose a batch is, and its answers prove it. */
export type ProviderName = (typeof MARKED_PROVIDERS)[number] | 'anthropic'

/** A fault of the network, put on one call of its kind. */
export interface PlannedNetworkFault {
  readonly call: CallName
  /** Which call of its kind, from 1. */
  readonly number: number
  readonly fault: NetworkFault
  readonly lateMs: number
  /** What answers in the provider's place where the call arrives late; null for a reset connection. */
  readonly answer: string | null
}

/** A fault of the disk, put on one operation of its kind. */
export interface PlannedDiskFault {
  readonly operation: 'write' | 'sync'
  readonly number: number
}

/** A run that was there before. */
export interface EarlierRun {
  /** Those that the later run has as well are carried over where they were answered. */
  readonly prompts: readonly string[]
  /** True where faults and crashes are counted from its beginning; else it meets none, and the later run all of them. */
  readonly isStruck: boolean
}

/** Machines that share the home of a run, each with a worker. */
export interface MachinesPlan {
  readonly clocks: readonly Omit<MachineOptions, 'name'>[]
  readonly halts: readonly Halt[]
}

/** Everything that happens to one simulated run; the same plan gives the same run, step for step. */
export interface Plan {
  /** In words, for reports: `seed 17`, `step 45 of …`. */
  readonly name: string
  /** Ids, the order of result lines and every other chance of the world come from it. */
  readonly seed: number
  readonly provider: ProviderName
  /** The prompts; each is known again by a nonce of its own. */
  readonly prompts: readonly string[]
  readonly maxRequests: number
  /** Fault rules of the local server. */
  readonly faults: readonly string[]
  readonly network: readonly PlannedNetworkFault[]
  readonly disk: readonly PlannedDiskFault[]
  readonly crashes: readonly Crash[]
  /** When the user cancels the run, in milliseconds after the beginning; null for never. */
  readonly cancelAfterMs: number | null
  readonly durations: Partial<Durations>
  /** An earlier run whose answers this one carries over; null where there is none. */
  readonly earlier: EarlierRun | null
  /** In how many portions the rows are appended to an open run; null for a run that has them from the beginning. */
  readonly portions: number | null
  /** True where identical prompts are sent once. */
  readonly isSharing: boolean
  /** How often rows are asked again whose answer does not fit a schema; null for a run without one. */
  readonly reasks: number | null
  /** What a person retries, one after the other, once the run is finished: the statuses they name, none for a plain retry. */
  readonly retries: readonly (readonly OutcomeStatus[])[]
  /** True where files of outcomes that could be made again are damaged whenever a process dies. */
  readonly isRotting: boolean
  /** Batches of others in the same account. */
  readonly strangers: number
  /** Requests of a batch that another user of the account has made just before; null for none. */
  readonly twin: number | null
  /** When the same command is typed a second time beside the first, in milliseconds; null for never. */
  readonly rivalAfterMs: number | null
  /** True where a few rows are asked directly before anything is sent in batches. */
  readonly hasCanary: boolean
  /** The cap at first, raised whenever the run is held for it; a token costs a dollar in a batch. Null for no cap. */
  readonly capUsd: number | null
  /**
   * When the run should be done, in milliseconds after the beginning, by a deadline after which the rest is asked directly;
   * null for no deadline.
   */
  readonly deadlineMs: number | null
  /** Long beginnings that the prompts share, of each of which one request primes the cache; null where nothing is primed. */
  readonly beginnings: number | null
  /** The start of the command, from 1, at which the key of another account is set by mistake; null for none. */
  readonly strayKeyAtStart: number | null
  /** The machines whose workers carry the run out; null where one machine has it for itself. */
  readonly machines: MachinesPlan | null
}

/** A plan in which nothing happens. */
export const UNDISTURBED: Omit<Plan, 'name' | 'provider'> = {
  seed: 1,
  prompts: [],
  maxRequests: 5,
  faults: [],
  network: [],
  disk: [],
  crashes: [],
  cancelAfterMs: null,
  durations: {},
  earlier: null,
  portions: null,
  isSharing: false,
  reasks: null,
  retries: [],
  isRotting: false,
  strangers: 0,
  twin: null,
  rivalAfterMs: null,
  hasCanary: false,
  capUsd: null,
  deadlineMs: null,
  beginnings: null,
  strayKeyAtStart: null,
  machines: null,
}

/** A prompt that must never be seen outside; every run has it in its first row. */
export const CANARY_PROMPT = 'canary-prompt-9b1d44e0'

/** Prompts of so many rows; some wish for the outcome that the list says. */
export function promptsOf(count: number, wishes: readonly (string | null)[] = []): readonly string[] {
  return Array.from({ length: count }, (_, row) => promptOf(row, wishes[row] ?? null))
}

/** The prompt of a row, with its wish for an outcome. */
export function promptOf(row: number, wish: string | null): string {
  const text = row === 0 ? CANARY_PROMPT : `Say something about ${row}.`
  return `${wish === null ? '' : `[[simulate: ${wish}]] `}${text} nonce:${nonceOf(row)}`
}

/** The same, where every third row has the prompt of the row two before it. */
export function sharedPrompts(count: number, wishes: readonly (string | null)[] = []): readonly string[] {
  const prompts = promptsOf(count, wishes)
  return prompts.map((prompt, row) => (row % 3 === 2 ? (prompts[row - 2] ?? prompt) : prompt))
}

/** What the server's books call a row, unless it has the prompt of another one. */
export function nonceOf(row: number): string {
  return `row-${row}`
}

/** Longer than the shortest beginning that Anthropic's cache keeps, of 4,096 tokens at about four characters each. */
const SENTENCES = 340

/** The long beginning that a row shares with others, by its nonce: the same row always has the same one. */
export function beginningOf(nonce: string, beginnings: number): string {
  const number = Number(/\d+$/.exec(nonce)?.[0] ?? 0) % beginnings
  return `Handbook ${number}. ${'What stands here is always the same, word for word. '.repeat(SENTENCES)}`
}
