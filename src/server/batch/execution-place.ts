import type { Clock } from '../../lib/clock.ts'
import type { Durations } from '../options.ts'
import type { PromptCaches } from '../prompt-caches.ts'
import type { Simulation } from '../simulate/execute-row.ts'
import type { State } from '../state/state.ts'

/** Parts of the server that execution needs. */
export interface ExecutionPlace extends Simulation {
  readonly state: State
  readonly clock: Clock
  readonly durations: Durations
  readonly caches: PromptCaches
}
