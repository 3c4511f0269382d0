import type { Clock } from '../../lib/clock.ts'
import type { Sql } from '../sql.ts'

/** Work on one run; it gets the key that the run has in the database. */
type RunWork<Result> = (sql: Sql, runKey: number) => Promise<Result>

/** One run of the database, as its verbs read and write it. */
export interface RunAccess {
  readonly clock: Clock
  readonly id: string
  readonly read: <Result>(work: RunWork<Result>) => Promise<Result>
  /** One transaction, which first checks that this handle is still the run's writer. */
  readonly write: <Result>(work: RunWork<Result>) => Promise<Result>
}
