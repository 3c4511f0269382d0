import { selectKnownRemotes } from './attempts.ts'
import { selectQueuedWork } from './in-flight.ts'
import { insertProbe, selectProbes } from './probes.ts'
import { selectBelief } from './queue-belief.ts'
import { type Catalog, createRunStore } from './run-store.ts'
import {
  insertRun,
  markCancelRequested,
  nextWriter,
  selectEndedRuns,
  selectRun,
  selectRunKey,
  selectRuns,
  selectWaitingRuns,
} from './runs.ts'
import { closeReservations, insertTriedAnswers, selectMonths, selectShownByModel } from './spending.ts'
import type { Locks, Store } from './store.ts'
import { selectTokenRate } from './token-rates.ts'
import { insertWebhook, selectSleepers, wakeSleepers } from './webhooks.ts'
import { deleteWorker, selectWorkers, upsertWorker } from './workers.ts'

/** The memory of a home in a database whose tables are there. */
export function createStore(catalog: Catalog): Omit<Store, keyof Locks> {
  const { clock, database } = catalog
  return {
    createRun: async (run) =>
      database.transaction(async (sql) => {
        await insertRun(sql, run)
        const made = await selectRun(sql, run.id)
        if (!made) throw new Error(`run ${run.id} was not stored`)
        return made
      }),
    findRun: async (id) => database.read((sql) => selectRun(sql, id)),
    listRuns: async () => database.read(selectRuns),
    waitingRuns: async () => database.read(selectWaitingRuns),
    runsEndedSince: async (instant) => database.read((sql) => selectEndedRuns(sql, instant)),
    read: (id) => createRunStore(catalog, id, undefined),
    write: async (id) => {
      const writer = await database.transaction(async (sql) => nextWriter(sql, await selectRunKey(sql, id)))
      return createRunStore(catalog, id, writer)
    },
    requestCancel: async (id) => database.transaction((sql) => markCancelRequested(sql, id, 'user', clock.now())),
    wake: async (webhook) => {
      // Most events of a project are about something else, and need not hold up what writes.
      if ((await database.read((sql) => selectSleepers(sql, webhook))).length === 0) return []
      return await database.transaction(async (sql) => {
        const now = clock.now()
        if (!(await insertWebhook(sql, webhook, now))) return []
        return await wakeSleepers(sql, await selectSleepers(sql, webhook), now)
      })
    },
    dropRun: async (id) =>
      database.transaction(async (sql) => {
        await closeReservations(sql, id, clock.now())
        await sql.run('delete from runs where id = ?', id)
      }),
    knownRemotes: async () => database.read(selectKnownRemotes),
    addProbe: async (probe) => database.transaction((sql) => insertProbe(sql, probe)),
    probes: async () => database.read(selectProbes),
    spendingByMonth: async () => database.read(selectMonths),
    shownAnswers: async (provider, model) => database.read((sql) => selectShownByModel(sql, provider, model)),
    addTriedAnswers: async (provider, model, shown) =>
      database.transaction((sql) => insertTriedAnswers(sql, { provider, model }, shown)),
    queuedWork: async () => database.read((sql) => selectQueuedWork(sql, clock.now())),
    queueBelief: async (baseUrl, { model, provider }) =>
      database.read((sql) => selectBelief(sql, { baseUrl, model, provider })),
    tokenRate: async (baseUrl, { model, provider }, method) =>
      database.read((sql) => selectTokenRate(sql, { baseUrl, model, provider }, method)),
    noteWorker: async (worker, deadBefore) => database.transaction((sql) => upsertWorker(sql, worker, deadBefore)),
    forgetWorker: async (id) => database.transaction((sql) => deleteWorker(sql, id)),
    workers: async (since) => database.read((sql) => selectWorkers(sql, since)),
    close: async () => database.close(),
  }
}
