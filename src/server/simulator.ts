import type { LimitFunction } from 'p-limit'
import type { ExecutionPlace } from './batch/execution-place.ts'
import type { Executor } from './batch/executor.ts'
import { DIALECT } from './dialects.ts'
import type { FaultInjector } from './faults/injector.ts'
import type { PlayedHost } from './openai/host.ts'
import type { BatchFailure, SimulatedModel, WebhookOptions } from './options.ts'
import type { DialectName } from './state/record.ts'

/** State that every part of the server shares. */
export interface Simulator extends ExecutionPlace {
  /** What answers requests. */
  readonly executor: Executor
  /** The APIs that it speaks. */
  readonly dialects: readonly DialectName[]
  readonly overrides: Limits
  readonly faults: FaultInjector
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
  readonly webhook?: WebhookOptions | undefined
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
