import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { homeAt } from '../../src/config/home-address.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import { systemDisk } from '../../src/lib/disk.ts'
import { createStore } from '../../src/store/catalog-store.ts'
import { openFolderStore } from '../../src/store/folder/folder-store.ts'
import { SqliteDatabase } from '../../src/store/folder/sqlite-database.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres-database.ts'
import { makePostgresHome, openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { Sessions } from '../../src/store/postgres/sessions.ts'
import type { Database, Sql } from '../../src/store/sql.ts'
import type { Store } from '../../src/store/store.ts'
import { homeAddress } from './postgres.ts'

/** A home of a test, with the folder of its files. */
export interface TestHome {
  readonly folder: string
  /** What messages call its database. */
  readonly shown: string
  /** `clock`: another one than the home's own. */
  open(clock?: Clock): Promise<Store>
  /** Statements beside the store, as another program would send them. */
  sql<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  remove(): Promise<void>
}

/** A kind of home, on which everything that a store promises is shown. */
export interface Engine {
  readonly name: string
  make(): Promise<TestHome>
}

const FOLDER: Engine = {
  name: 'a folder with SQLite',
  async make() {
    const folder = await newFolder()
    const shown = join(folder, 'state.db')
    return {
      folder,
      shown,
      open: (clock = systemClock) => openFolderStore({ home: folder, disk: systemDisk, clock }),
      sql: (work) => once(new SqliteDatabase(shown, systemClock), work),
      remove: () => rm(folder, { recursive: true }),
    }
  },
}

const POSTGRES: Engine = {
  name: 'Postgres',
  async make() {
    const folder = await newFolder()
    const home = homeAt(await homeAddress(), folder, folder)
    if (home.kind !== 'database') throw new Error('the home of a test is not in a database')
    await makePostgresHome(home, folder, systemClock)
    const database = (): Database => new PostgresDatabase(new Sessions(home), systemClock, home.schema)
    return {
      folder,
      shown: home.shown,
      open: async (clock) => {
        const { store } = await openPostgresStore(home, systemClock)
        if (clock === undefined) return store
        const timed = database()
        const close = async (): Promise<void> => {
          await timed.close()
          await store.close()
        }
        return { ...store, ...createStore({ database: timed, clock, mayLoseLocks: true }), close }
      },
      sql: (work) => once(database(), work),
      remove: async () => {
        const dropped = database()
        await dropped.read((sql) => sql.script(`drop schema ${home.schema} cascade`))
        await dropped.close()
        await rm(folder, { recursive: true })
      },
    }
  },
}

/** The kinds of homes that there are. */
export const ENGINES: readonly Engine[] = [FOLDER, POSTGRES]

/**
 * Makes a home before each test of the block around, with its store open on this clock, and hands both over; lets go of
 * them afterwards.
 */
export function forEachHome(
  engine: Engine,
  use: (home: TestHome, store: Store) => void | Promise<void>,
  clock?: Clock,
): void {
  let home: TestHome
  let store: Store

  beforeEach(async () => {
    home = await engine.make()
    store = await home.open(clock)
    await use(home, store)
  })

  afterEach(async () => {
    await store.close()
    await home.remove()
  })
}

function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'llm-batch-store-'))
}

async function once<Result>(database: Database, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  try {
    return await database.transaction(work)
  } finally {
    await database.close()
  }
}
