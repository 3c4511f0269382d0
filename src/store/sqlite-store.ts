import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import { commandLine } from '../model/options/mention.ts'
import { selectKnownRemotes } from './attempts.ts'
import { databaseOn, unlessUnreadable } from './connection.ts'
import { makePrivateFile } from './lock.ts'
import { insertProbe, selectProbes } from './probes.ts'
import { selectBelief } from './queue-belief.ts'
import { statePath } from './run-folder.ts'
import { createRunStore } from './run-store.ts'
import { insertRun, markCancelRequested, nextWriter, selectRun, selectRunKey, selectRuns } from './runs.ts'
import { prepareSchema } from './schema.ts'
import { closeReservations, insertTriedAnswers, selectMonths, selectShownByModel } from './spending.ts'
import type { Database } from './sql.ts'
import { SqliteDatabase } from './sqlite-database.ts'
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
  return storeOn(await openState(path, disk, clock), clock)
}

/** The memory of a home in a database whose tables are there. */
function storeOn(database: Database, clock: Clock): Store {
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
    read: (id) => createRunStore(database, clock, id, undefined),
    write: async (id) => {
      const writer = await database.transaction(async (sql) => nextWriter(sql, await selectRunKey(sql, id)))
      return createRunStore(database, clock, id, writer)
    },
    requestCancel: async (id) => database.transaction((sql) => markCancelRequested(sql, id, 'user', clock.now())),
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
    queueBelief: async (baseUrl, { model, provider }) =>
      database.read((sql) => selectBelief(sql, { baseUrl, model, provider })),
    tokenRate: async (baseUrl, { model, provider }, method) =>
      database.read((sql) => selectTokenRate(sql, { baseUrl, model, provider }, method)),
    close: async () => database.close(),
  }
}

/** The state brought up to date. Throws `disk` where the file holds something else. */
async function openState(path: string, disk: Disk, clock: Clock): Promise<SqliteDatabase> {
  let database: SqliteDatabase | undefined
  try {
    database = new SqliteDatabase(path, clock, databaseOn(disk))
    await prepareSchema(database, path)
    return database
  } catch (error) {
    await database?.close()
    throw unlessUnreadable(
      error,
      path,
      `Restore it from a backup, or move it away: ${commandLine('remote', 'adopt')} takes over what was sent from this home.`,
    )
  }
}
