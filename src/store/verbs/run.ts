import { FINAL_STAGES } from '../../model/attempt.ts'
import { LlmBatchError } from '../../model/error.ts'
import { selectAttempts, selectOrigin } from '../attempts.ts'
import type { Driver } from '../driver.ts'
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
import { selectHasPending } from '../tallies.ts'
import { type RunAccess } from './run-access.ts'

/** The verbs of `RunCatalog` in SQLite. */
export function runVerbs({ clock, driver, id, runKey, write }: RunAccess): RunCatalog {
  return {
    record: async () => {
      const run = selectRun(driver, id)
      if (!run) throw new LlmBatchError('not_found', `run ${id} was removed`)
      return run
    },
    moveRun: async (to, reason = null) =>
      write(() => {
        // What was appended, or asked for again, while the end was being looked at is still to be done.
        const isResting = to !== 'open' || hasNothingToDo(driver, runKey)
        updateRunState(driver, runKey, isResting ? to : 'paused', reason, clock.now())
      }),
    steerRun: async (output) => write(() => updateRunField(driver, runKey, 'output', JSON.stringify(output))),
    capRun: async (maxCostMicros) => write(() => updateRunField(driver, runKey, 'max_cost', maxCostMicros)),
    setDeadline: async (deadline) => write(() => updateDeadline(driver, runKey, deadline)),
    cancelForDeadline: async () => write(() => markCancelRequested(driver, id, 'deadline', clock.now())),
    setStopLoss: async (stopLoss) =>
      write(() => updateRunField(driver, runKey, 'stop_loss', stopLoss === null ? null : JSON.stringify(stopLoss))),
    bindAccount: async (account) => write(() => updateRunField(driver, runKey, 'account', account)),
    moveBaseUrl: async (baseUrl) =>
      write(() => {
        if (selectOrigin(driver, runKey).hasSent) {
          throw new LlmBatchError('conflict', `a part of run ${id} was sent, so its base URL cannot change`)
        }
        updateBaseUrl(driver, runKey, baseUrl)
      }),
    beginRun: async (facts) =>
      write(() => {
        updateBegun(driver, runKey, facts)
        updateRunState(driver, runKey, facts.isOpen ? 'open' : 'ready', null, clock.now())
      }),
    sealRun: async () =>
      write(() => {
        updateRunField(driver, runKey, 'is_open', 0)
        // Its end is still to be counted and written.
        if (selectRun(driver, id)?.state === 'open') updateRunState(driver, runKey, 'paused', null, clock.now())
      }),
    portions: async () => selectPortions(driver, runKey),
    addIncident: async (incident) => write(() => insertIncident(driver, runKey, incident)),
    incidents: async () => selectIncidents(driver, runKey),
  }
}

/** True for an open run of which nothing is on its way, held, or waits to be sent. */
function hasNothingToDo(driver: Driver, runKey: number): boolean {
  const isDone = ({ stage }: AttemptRecord): boolean => FINAL_STAGES.includes(stage)
  const isOpen = driver.get('select 1 from runs where key = ? and is_open = 1', runKey) !== undefined
  return isOpen && !selectHasPending(driver, runKey) && selectAttempts(driver, runKey, 'current').every(isDone)
}
