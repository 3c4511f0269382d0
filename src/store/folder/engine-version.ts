import { DatabaseSync } from '@photostructure/sqlite'

/** The version of SQLite that state is kept with, such as `3.53.2`. */
export function sqliteVersion(): string {
  const database = new DatabaseSync(':memory:')
  try {
    const row = database.prepare('select sqlite_version() as version').get() as { readonly version: string } | undefined
    return row?.version ?? 'unknown'
  } finally {
    database.close()
  }
}
