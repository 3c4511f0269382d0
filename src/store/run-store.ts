import type { Clock } from '../lib/clock.ts'
import { LlmBatchError } from '../model/error.ts'
import { assertWriter, selectRunKey } from './runs.ts'
import type { Database } from './sql.ts'
import type { RunStore } from './store.ts'
import { attemptVerbs } from './verbs/attempt.ts'
import { batchVerbs } from './verbs/batch.ts'
import { moneyVerbs } from './verbs/money.ts'
import { paidCallVerbs } from './verbs/paid-call.ts'
import { queueVerbs } from './verbs/queue.ts'
import { runVerbs } from './verbs/run.ts'
import type { RunAccess } from './verbs/run-access.ts'

/** The catalog of a home, and whether a process of it may lose its locks while it is halted. */
export interface Catalog {
  readonly database: Database
  readonly clock: Clock
  readonly mayLoseLocks: boolean
}

/**
 * The memory of one run in a database. Each writing verb is one transaction that first checks that this handle is still
 * the run's writer; a handle without a writer's number only reads.
 */
export function createRunStore(
  { clock, database, mayLoseLocks }: Catalog,
  id: string,
  writer: number | undefined,
): RunStore {
  let found: Promise<number> | undefined
  const runKey = async (): Promise<number> => {
    found ??= database.read((sql) => selectRunKey(sql, id))
    return await found
  }
  const access: RunAccess = {
    clock,
    id,
    read: async (work) => {
      const key = await runKey()
      return await database.read((sql) => work(sql, key))
    },
    write: async (work) => {
      if (writer === undefined) throw new LlmBatchError('conflict', `run ${id} was opened for reading only`)
      const key = await runKey()
      return await database.transaction(async (sql) => {
        await assertWriter(sql, key, id, writer)
        return await work(sql, key)
      })
    },
  }
  return {
    id,
    fence: mayLoseLocks ? (writer ?? null) : null,
    ...runVerbs(access),
    ...batchVerbs(access),
    ...attemptVerbs(access),
    ...paidCallVerbs(access),
    ...queueVerbs(access),
    ...moneyVerbs(access),
  }
}
