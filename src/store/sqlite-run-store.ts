import type { Clock } from '../lib/clock.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Driver } from './driver.ts'
import { assertWriter, selectRunKey } from './runs.ts'
import type { RunStore } from './store.ts'
import { attemptVerbs } from './verbs/attempt.ts'
import { batchVerbs } from './verbs/batch.ts'
import { moneyVerbs } from './verbs/money.ts'
import { paidCallVerbs } from './verbs/paid-call.ts'
import { queueVerbs } from './verbs/queue.ts'
import { runVerbs } from './verbs/run.ts'
import type { RunAccess } from './verbs/run-access.ts'

/**
 * The memory of one run in SQLite. Each writing verb is one transaction that first checks that this handle is still
 * the run's writer; a handle without a writer's number only reads.
 */
export function createRunStore(driver: Driver, clock: Clock, id: string, writer: number | undefined): RunStore {
  const runKey = selectRunKey(driver, id)
  const write: RunAccess['write'] = (work) => {
    if (writer === undefined) throw new LlmBatchError('conflict', `run ${id} was opened for reading only`)
    return driver.transaction(() => {
      assertWriter(driver, runKey, id, writer)
      return work()
    })
  }
  const access: RunAccess = { driver, clock, id, runKey, write }
  return {
    id,
    ...runVerbs(access),
    ...batchVerbs(access),
    ...attemptVerbs(access),
    ...paidCallVerbs(access),
    ...queueVerbs(access),
    ...moneyVerbs(access),
  }
}
