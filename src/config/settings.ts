import type { Backoff } from '../lib/backoff.ts'
import type { Limits } from '../providers/provider.ts'

/** Every wait of the program in milliseconds; all of them settings, so that a test can compress time. */
export interface Waits {
  /** First interval between two looks at a batch; grows by half each time. @default 15 s */
  readonly pollMs: number
  /** The longest interval between two looks. @default 20 times `pollMs` */
  readonly pollMostMs: number
  /** Between two listings before absence counts; at least `httpMs`. @default 10 min */
  readonly settleMs: number
  /** The same where the input file of the batch could not be deleted. @default 30 min */
  readonly unfencedMs: number
  /** Idle time after which a call is given up, and the total time limit of a create. @default 60 s */
  readonly httpMs: number
  /** Total time of a synchronous call; the model may be silent until then. @default 10 min */
  readonly directMs: number
  /** How long before its deadline a run is wound up; at most a quarter of the time it was given. @default 15 min */
  readonly windUpMs: number
  /** First wait after a failed call; doubles up to 120 times itself. @default 5 s */
  readonly retryBackoff: Backoff
  /** The longest wait that a provider is granted which asks for one (`Retry-After`). @default 1 h */
  readonly retryAfterMostMs: number
  /** Between two tries of a queue that refused batches although nothing of ours was in it. @default 1 min to 4 h */
  readonly queueBackoff: Backoff
  /** How long a batch that was seen before may answer "not found" before it counts as lost. @default 6 h */
  readonly absentMs: number
}

/** The numbers of `Limits` a user may override, for all targets, one provider, or one model. */
export interface LimitOverrides {
  readonly maxRequests?: number | undefined
  readonly maxBytes?: number | undefined
  readonly maxInputs?: number | undefined
  readonly maxOutputBytes?: number | undefined
  /** Bytes of one result file that are taken in, where the provider does not tell its size. */
  readonly maxResultBytes?: number | undefined
  readonly maxImageBytes?: number | undefined
  readonly maxImages?: number | undefined
  readonly queueTokens?: number | undefined
  readonly queueRequests?: number | undefined
  /** Batches of one run that may be open at once; see `maxOpenBatchesInForce`. */
  readonly maxOpenBatches?: number | undefined
}

/** Settings of the rows that are asked directly before anything is bought in batches. */
export interface CanarySettings {
  /** False for none. @default true */
  readonly isOn: boolean
  /** Runs of more requests than this have a canary. @default 1,000 */
  readonly aboveRequests: number
  /** Requests asked directly for each set of parameters. @default 10 */
  readonly requests: number
}

/** When an input is prepared in a thread of its own. */
export interface PrepareThreadSettings {
  /** False for never. @default true */
  readonly isOn: boolean
  /** Bytes of the input, as its files lie; smaller ones are prepared faster without. @default 64,000,000 */
  readonly aboveBytes: number
}

/** Content of what OpenTelemetry is told, where a program or its environment has set it up. */
export interface TelemetrySettings {
  /** False for nothing. @default true */
  readonly isOn: boolean
  /** True where names of runs, paths of files and messages are told too. @default false */
  readonly tellsText: boolean
}

/** When failing rows hold the rest of a run. */
export interface StopLossSettings {
  /** The share of a batch, from 0 to 1, that fails with one code; 1 is never exceeded. @default 0.5 */
  readonly share: number
  /** Minimum number of rows that must have failed. @default 10 */
  readonly leastRows: number
}

/** Everything that steers a run without defining its requests; merged and checked in one place. */
export interface Settings {
  readonly waits: Waits
  /** Maximum batches of one run at the provider at once. @default 20 */
  readonly maxOpenBatches: number
  /** Uploads and downloads at the same time. @default 4 */
  readonly maxTransfers: number
  /** Tries of one request, the first included, before a retryable failure is final. @default 3 */
  readonly maxTries: number
  readonly canary: CanarySettings
  readonly stopLoss: StopLossSettings
  /** False estimates tokens by bytes alone. @default true */
  readonly isCountingTokens: boolean
  readonly prepareThread: PrepareThreadSettings
  readonly telemetry: TelemetrySettings
  /** The usage tier of the account, by provider name, where the user names it; limits of queues follow from it. */
  readonly tiers: Readonly<Record<string, number>>
  readonly limits: LimitOverrides
  /** By provider name. */
  readonly providerLimits: Readonly<Record<string, LimitOverrides>>
  /** By `provider/model`. */
  readonly modelLimits: Readonly<Record<string, LimitOverrides>>
}

/**
 * Bytes of an input file unless configured otherwise. Well below the providers' 200 MB and 512 MB, because broken
 * uploads and downloads of that size are what users report most, and a smaller batch costs less to send again.
 */
export const DEFAULT_MAX_BYTES = 100_000_000

/**
 * Bytes that the answers to a batch may be expected to have, unless configured otherwise: twice the above. Vectors are a
 * hundred times longer than the texts they stand for, and 50,000 of them would be a file of one to three gigabytes.
 */
const DEFAULT_MAX_OUTPUT_BYTES = 2 * DEFAULT_MAX_BYTES

/** The limits in force for a target: the provider's, then the user's, the most particular last. */
export function limitsInForce(settings: Settings, provider: string, model: string, given: Limits): Limits {
  const { maxOpenBatches: _, maxResultBytes: __, ...overrides } = overridesInForce(settings, provider, model)
  return {
    ...given,
    maxBytes: Math.min(given.maxBytes, DEFAULT_MAX_BYTES),
    maxOutputBytes: given.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
    ...overrides,
  }
}

/** Bytes of a result file that the user grants, whatever was foreseen; null where the configuration says nothing. */
export function maxResultBytesInForce(settings: Settings, provider: string, model: string): number | null {
  return overridesInForce(settings, provider, model).maxResultBytes ?? null
}

/** How many batches of one run may be open for a target at once. */
export function maxOpenBatchesInForce(settings: Settings, provider: string, model: string): number {
  return overridesInForce(settings, provider, model).maxOpenBatches ?? settings.maxOpenBatches
}

function overridesInForce(settings: Settings, provider: string, model: string): DefinedOverrides {
  return {
    ...defined(settings.limits),
    ...defined(settings.providerLimits[provider]),
    ...defined(settings.modelLimits[`${provider}/${model}`]),
  }
}

type DefinedOverrides = { readonly [Name in keyof LimitOverrides]: number }

function defined(overrides: LimitOverrides | undefined): DefinedOverrides {
  return Object.fromEntries(Object.entries(overrides ?? {}).filter(([, value]) => value !== undefined))
}
