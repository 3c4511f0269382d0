import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import { commandLine } from '../model/options/mention.ts'
import { selectKnownRemotes } from './attempts.ts'
import { databaseOn, unlessUnreadable } from './connection.ts'
import { Driver } from './driver.ts'
import { makePrivateFile } from './lock.ts'
import { insertProbe, selectProbes } from './probes.ts'
import { selectBelief } from './queue-belief.ts'
import { statePath } from './run-folder.ts'
import { insertRun, markCancelRequested, nextWriter, selectRun, selectRunKey, selectRuns } from './runs.ts'
import { prepareSchema } from './schema.ts'
import { closeReservations, insertTriedAnswers, selectMonths, selectShownByModel } from './spending.ts'
import { createRunStore } from './sqlite-run-store.ts'
import type { Store } from './store.ts'
import { selectTokenRate } from './token-rates.ts'

/** Opens the state of a home, making it where needed. The folder must exist. */
export async function openStore(options: {
  readonly home: string
  readonly disk: Disk
  readonly clock: Clock
}): Promise<Store> {
  const { clock, disk } = options
  const path = statePath(options.home)
  await makePrivateFile(disk, path)
  const driver = openState(path, disk)
  return {
    createRun: async (run) => {
      driver.transaction(() => insertRun(driver, run))
      const made = selectRun(driver, run.id)
      if (!made) throw new Error(`run ${run.id} was not stored`)
      return made
    },
    findRun: async (id) => selectRun(driver, id),
    listRuns: async () => selectRuns(driver),
    read: (id) => createRunStore(driver, clock, id, undefined),
    write: async (id) => {
      const writer = driver.transaction(() => nextWriter(driver, selectRunKey(driver, id)))
      return createRunStore(driver, clock, id, writer)
    },
    requestCancel: async (id) => {
      driver.transaction(() => markCancelRequested(driver, id, 'user', clock.now()))
    },
    dropRun: async (id) => {
      driver.transaction(() => {
        closeReservations(driver, id, clock.now())
        driver.run('delete from runs where id = ?', id)
      })
    },
    knownRemotes: async () => selectKnownRemotes(driver),
    addProbe: async (probe) => driver.transaction(() => insertProbe(driver, probe)),
    probes: async () => selectProbes(driver),
    spendingByMonth: async () => selectMonths(driver),
    shownAnswers: async (provider, model) => selectShownByModel(driver, provider, model),
    addTriedAnswers: async (provider, model, shown) =>
      driver.transaction(() => insertTriedAnswers(driver, { provider, model }, shown)),
    queueBelief: async (baseUrl, { model, provider }) => selectBelief(driver, { baseUrl, model, provider }),
    tokenRate: async (baseUrl, { model, provider }, method) =>
      selectTokenRate(driver, { baseUrl, model, provider }, method),
    close: async () => driver.close(),
  }
}

/** The state brought up to date. Throws `disk` where the file holds something else. */
function openState(path: string, disk: Disk): Driver {
  let driver: Driver | undefined
  try {
    driver = new Driver(path, databaseOn(disk))
    prepareSchema(driver, path)
    return driver
  } catch (error) {
    driver?.close()
    throw unlessUnreadable(
      error,
      path,
      `Restore it from a backup, or move it away: ${commandLine('remote', 'adopt')} takes over what was sent from this home.`,
    )
  }
}
