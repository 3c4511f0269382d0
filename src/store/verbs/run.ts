import { FINAL_STAGES } from '../../model/attempt.ts'
import { LlmBatchError } from '../../model/error.ts'
import { PRIORITIES } from '../../model/run.ts'
import { selectAttempts, selectOrigin } from '../attempts.ts'
import type { AttemptRecord } from '../port/attempt.ts'
import { type RunCatalog } from '../port/run.ts'
import { selectPortions } from '../portions.ts'
import {
  insertIncident,
  markCancelRequested,
  selectIncidents,
  selectRun,
  updateBaseUrl,
  updateBegun,
  updateDeadline,
  updateRunField,
  updateRunState,
} from '../runs.ts'
import type { Sql } from '../sql.ts'
import { selectHasPending } from '../tallies.ts'
import { type RunAccess } from './run-access.ts'

/** The verbs of `RunCatalog`. */
export function runVerbs({ clock, id, read, write }: RunAccess): RunCatalog {
  return {
    record: async () =>
      read(async (sql) => {
        const run = await selectRun(sql, id)
        if (!run) throw new LlmBatchError('not_found', `run ${id} was removed`)
        return run
      }),
    moveRun: async (to, reason = null) =>
      write(async (sql, runKey) => {
        // What was appended, or asked for again, while the end was being looked at is still to be done.
        const isResting = to !== 'open' || (await hasNothingToDo(sql, runKey))
        await updateRunState(sql, runKey, isResting ? to : 'paused', reason, clock.now())
      }),
    steerRun: async ({ output, priority }) =>
      write(async (sql, runKey) => {
        if (output) await updateRunField(sql, runKey, 'output', JSON.stringify(output))
        if (priority) await updateRunField(sql, runKey, 'priority', PRIORITIES.indexOf(priority))
      }),
    capRun: async (maxCostMicros) =>
      write(async (sql, runKey) => updateRunField(sql, runKey, 'max_cost', maxCostMicros)),
    setDeadline: async (deadline) => write(async (sql, runKey) => updateDeadline(sql, runKey, deadline)),
    cancelForDeadline: async () => write(async (sql) => markCancelRequested(sql, id, 'deadline', clock.now())),
    setStopLoss: async (stopLoss) =>
      write(async (sql, runKey) =>
        updateRunField(sql, runKey, 'stop_loss', stopLoss === null ? null : JSON.stringify(stopLoss)),
      ),
    bindAccount: async (account) => write(async (sql, runKey) => updateRunField(sql, runKey, 'account', account)),
    moveBaseUrl: async (baseUrl) =>
      write(async (sql, runKey) => {
        if ((await selectOrigin(sql, runKey)).hasSent) {
          throw new LlmBatchError('conflict', `a part of run ${id} was sent, so its base URL cannot change`)
        }
        await updateBaseUrl(sql, runKey, baseUrl)
      }),
    beginRun: async (facts) =>
      write(async (sql, runKey) => {
        await updateBegun(sql, runKey, facts)
        await updateRunState(sql, runKey, facts.isOpen ? 'open' : 'ready', null, clock.now())
      }),
    sealRun: async () =>
      write(async (sql, runKey) => {
        await updateRunField(sql, runKey, 'is_open', 0)
        // Its end is still to be counted and written.
        if ((await selectRun(sql, id))?.state === 'open') await updateRunState(sql, runKey, 'paused', null, clock.now())
      }),
    portions: async () => read(async (sql, runKey) => selectPortions(sql, runKey)),
    addIncident: async (incident) => write(async (sql, runKey) => insertIncident(sql, runKey, incident)),
    incidents: async () => read(async (sql, runKey) => selectIncidents(sql, runKey)),
  }
}

/** True for an open run of which nothing is on its way, held, or waits to be sent. */
async function hasNothingToDo(sql: Sql, runKey: number): Promise<boolean> {
  const isDone = ({ stage }: AttemptRecord): boolean => FINAL_STAGES.includes(stage)
  const isOpen = (await sql.get('select 1 from runs where key = ? and is_open = 1', runKey)) !== undefined
  return (
    isOpen && !(await selectHasPending(sql, runKey)) && (await selectAttempts(sql, runKey, 'current')).every(isDone)
  )
}
