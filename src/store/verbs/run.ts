import { LlmBatchError } from '../../model/error.ts'
import { selectOrigin } from '../attempts.ts'
import { type RunCatalog } from '../port/run.ts'
import {
  insertIncident,
  markCancelRequested,
  selectIncidents,
  selectRun,
  updateBaseUrl,
  updateDeadline,
  updateRunField,
  updateRunState,
  updateSealed,
} from '../runs.ts'
import { replaceTallies } from '../tallies.ts'
import { type RunAccess } from './run-access.ts'

/** The verbs of `RunCatalog` in SQLite. */
export function runVerbs({ clock, driver, id, runKey, write }: RunAccess): RunCatalog {
  return {
    record: async () => {
      const run = selectRun(driver, id)
      if (!run) throw new LlmBatchError('not_found', `run ${id} was removed`)
      return run
    },
    moveRun: async (to, reason = null) => write(() => updateRunState(driver, runKey, to, reason, clock.now())),
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
    sealRun: async (facts) =>
      write(() => {
        replaceTallies(driver, runKey, facts.tallies)
        updateSealed(driver, runKey, facts)
        updateRunState(driver, runKey, 'ready', null, clock.now())
      }),
    addIncident: async (incident) => write(() => insertIncident(driver, runKey, incident)),
    incidents: async () => selectIncidents(driver, runKey),
  }
}
