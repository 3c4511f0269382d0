import { LlmBatchError } from '../model/error.ts'
import type { FileConfiguration } from './file-schema.ts'
import type {
  CanarySettings,
  LimitOverrides,
  PrepareThreadSettings,
  Settings,
  StopLossSettings,
  TelemetrySettings,
} from './settings.ts'
import { mergeWaits } from './waits.ts'

/** Settings of a run from the command line; undefined where the user said nothing. */
export interface SettingFlags extends LimitOverrides {
  /** A duration such as `200ms`; overrides `waits.poll`. */
  readonly pollInterval?: string | undefined
  /** False: estimate tokens by bytes alone. */
  readonly tokenCount?: boolean | undefined
  /** False for none. */
  readonly canary?: boolean | undefined
}

const LIMIT_NAMES = [
  'maxRequests',
  'maxBytes',
  'maxInputs',
  'maxOutputBytes',
  'maxResultBytes',
  'maxImageBytes',
  'maxImages',
  'maxOpenBatches',
  'queueTokens',
  'queueRequests',
] as const

const DEFAULT_MAX_OPEN_BATCHES = 20
const DEFAULT_MAX_TRANSFERS = 4
const DEFAULT_MAX_TRIES = 3
const DEFAULT_CANARY = { aboveRequests: 1_000, requests: 10 }
const DEFAULT_THREAD_ABOVE_BYTES = 64_000_000
const DEFAULT_STOP_LOSS = { share: 0.5, leastRows: 10 }

/** Flags over file over defaults. A flag counts for every provider and model, whatever the file says of one. */
export function mergeSettings(file: FileConfiguration, flags: SettingFlags): Settings {
  const flagLimits = limitsOf(flags)
  for (const [name, value] of Object.entries(flagLimits)) assertCount(name, value)
  const merged = (limits: LimitOverrides | undefined): LimitOverrides => ({ ...limits, ...flagLimits })
  const { maxOpenBatches, ...limits } = merged(file.limits)
  return {
    waits: mergeWaits(file.waits, flags.pollInterval),
    maxOpenBatches: maxOpenBatches ?? DEFAULT_MAX_OPEN_BATCHES,
    maxTransfers: DEFAULT_MAX_TRANSFERS,
    maxTries: DEFAULT_MAX_TRIES,
    canary: mergeCanary(file.canary, flags.canary),
    stopLoss: mergeStopLoss(file.stopLoss),
    isCountingTokens: flags.tokenCount === false ? false : (file.tokenCount ?? true),
    prepareThread: mergePrepareThread(file.prepareThread),
    telemetry: mergeTelemetry(file.telemetry),
    tiers: Object.fromEntries(
      Object.entries(file.providers ?? {}).flatMap(([name, { tier }]) => (tier === undefined ? [] : [[name, tier]])),
    ),
    limits,
    providerLimits: mapValues(file.providers, (entry) => merged(entry.limits)),
    modelLimits: mapValues(file.models, (entry) => merged(entry.limits)),
  }
}

/** A flag can only turn it off: how it is done is a matter of the file. */
function mergeCanary(file: FileConfiguration['canary'], flag: boolean | undefined): CanarySettings {
  const given = file === false ? undefined : file
  return {
    isOn: file !== false && flag !== false,
    aboveRequests: given?.aboveRequests ?? DEFAULT_CANARY.aboveRequests,
    requests: given?.requests ?? DEFAULT_CANARY.requests,
  }
}

function mergeStopLoss(file: FileConfiguration['stopLoss']): StopLossSettings {
  return {
    share: file?.share ?? DEFAULT_STOP_LOSS.share,
    leastRows: file?.leastRows ?? DEFAULT_STOP_LOSS.leastRows,
  }
}

function mergePrepareThread(file: FileConfiguration['prepareThread']): PrepareThreadSettings {
  const given = file === false ? undefined : file
  return { isOn: file !== false, aboveBytes: given?.aboveBytes ?? DEFAULT_THREAD_ABOVE_BYTES }
}

function mergeTelemetry(file: FileConfiguration['telemetry']): TelemetrySettings {
  const given = file === false ? undefined : file
  return { isOn: file !== false, tellsText: given?.userText ?? false }
}

function limitsOf(flags: SettingFlags): LimitOverrides {
  return Object.fromEntries(LIMIT_NAMES.map((name) => [name, flags[name]]).filter(([, value]) => value !== undefined))
}

function assertCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return
  throw new LlmBatchError('usage', `${name} is ${value}; it must be a whole number above zero`)
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>> | undefined,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([key, value]) => [key, change(value)]))
}
