import type { Clock } from '../../lib/clock.ts'
import type { Driver } from '../driver.ts'

/** One run of the database, as its verbs read and write it. */
export interface RunAccess {
  readonly driver: Driver
  readonly clock: Clock
  readonly id: string
  readonly runKey: number
  /** One transaction, which first checks that this handle is still the run's writer. */
  readonly write: <Result>(work: () => Result) => Result
}
