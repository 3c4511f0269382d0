import type { LimitFunction } from 'p-limit'
import type { Settings } from '../config/settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import type { Emit } from '../model/event.ts'
import type { Target } from '../model/target.ts'
import type { Price } from '../prices/price.ts'
import type { Provider } from '../providers/provider.ts'
import type { AnswerCheck } from '../schema/check-answer.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunFolder } from '../store/run-folder.ts'
import type { RunStore } from '../store/store.ts'

/** Limits of a result file's length, so that no body without an end fills the disk. */
export interface ResultLimits {
  /** Where the provider does not tell its size. */
  readonly untoldBytes: number
  /** What the user grants in any case; 0 where the configuration says nothing. */
  readonly grantedBytes: number
}

/** Ports of collecting. */
export interface CollectPorts {
  readonly store: RunStore
  readonly provider: Provider
  readonly disk: Disk
  readonly clock: Clock
  readonly settings: Settings
  readonly folder: RunFolder
  /** Result files are read one after another: each holds what it has found in memory, and none is faster beside others. */
  readonly reading: LimitFunction
  /** How many bytes of a result file are taken in. */
  readonly resultLimitsOf: (attempt: AttemptRecord) => ResultLimits
  /** The price by which what was collected is counted; null where it is unknown. */
  readonly priceOf: (target: Target) => Price | null
  /** Checks answers where the run has a schema; null where any text is one. */
  readonly checkAnswer: AnswerCheck | null
  readonly emit: Emit
}
