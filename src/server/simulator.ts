import type { LimitFunction } from 'p-limit'
import type { Clock } from '../lib/clock.ts'
import { DIALECT } from './dialects.ts'
import type { FaultInjector } from './faults/injector.ts'
import type { PlayedHost } from './openai/host.ts'
import type { BatchFailure, Durations, SimulatedModel } from './options.ts'
import type { PromptCaches } from './prompt-caches.ts'
import type { Simulation } from './simulate/execute-row.ts'
import type { DialectName } from './state/record.ts'
import type { State } from './state/state.ts'

/** State that every part of the server shares. */
export interface Simulator extends Simulation {
  readonly state: State
  readonly clock: Clock
  readonly durations: Durations
  readonly overrides: Limits
  readonly faults: FaultInjector
  readonly caches: PromptCaches
  /** Validation remembers every id of a batch, so that only one batch is validated at a time. */
  readonly validations: LimitFunction
  /** The host that the server plays where OpenAI's API lies. */
  readonly host: PlayedHost
  /** What the lists of models tell of some of them. */
  readonly models: Readonly<Record<string, SimulatedModel>>
  /** Which names an upload for batches may have. */
  readonly uploadNames: 'jsonl' | 'any'
  /** What a row with `stream: true` makes the provider refuse. */
  readonly streamRefuses: 'row' | 'batch'
  readonly onFailure?: ((failure: BatchFailure) => void) | undefined
}

/** Limits that the user set in place of the provider's own. */
export interface Limits {
  readonly maxRequests?: number | undefined
  readonly maxBytes?: number | undefined
  readonly queueTokens?: number | undefined
  readonly queueRequests?: number | undefined
}

/** Rows a batch may have. */
export function maxRequests(simulator: Simulator, dialect: DialectName): number {
  return simulator.overrides.maxRequests ?? DIALECT[dialect].maxRequests
}

/** Bytes an input file may have. */
export function maxBytes(simulator: Simulator, dialect: DialectName): number {
  return simulator.overrides.maxBytes ?? DIALECT[dialect].maxBytes
}
