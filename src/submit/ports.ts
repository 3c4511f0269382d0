import type { Settings } from '../config/settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import type { Random } from '../lib/random.ts'
import type { Emit } from '../model/event.ts'
import type { UnknownCreateChoice } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import type { Provider } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunFolder } from '../store/run-folder.ts'
import type { RunStore } from '../store/store.ts'
import type { QueueLimits } from './admission.ts'
import type { Budget } from './budget.ts'

/** Ports of submitting. */
export interface SubmitPorts {
  readonly store: RunStore
  readonly provider: Provider
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly settings: Settings
  readonly folder: RunFolder
  /** Hours a batch may take, where that can be chosen; null for the provider's default. */
  readonly windowHours: number | null
  /** Digest of the key and scope in use, kept with each intent. */
  readonly account: string
  /** What to do with a create whose fate cannot be decided. */
  readonly onUnknownCreate: UnknownCreateChoice
  /** What may wait at the provider for a target's model, by configuration. */
  readonly queueLimitsOf: (target: Target) => QueueLimits
  /** What may be spent. */
  readonly budget: Budget
  /** In words for people: what sending this attempt a second time may cost, such as `about $1.20`. */
  readonly costAtRisk: (attempt: AttemptRecord) => string
  readonly emit: Emit
}
