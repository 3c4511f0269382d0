import { Client } from 'pg'
import { fromTestSupport } from './from-sources.mjs'

/**
 * A Postgres of its own, that of the tests, but with the settings that it is installed with: each commit is on stable storage
 * before it is answered. Only its housekeeping is off, which would be counted as work of ours.
 * @returns {Promise<{ url: string, stop(): Promise<void> }>}
 */
export async function startPostgres() {
  const { TestPostgres } = await fromTestSupport('embedded-postgres')
  return TestPostgres.start(['autovacuum=off'])
}

/**
 * Asks the database one question in a session of its own.
 * @param {string} url
 * @param {string} statement
 * @param {readonly unknown[]} [values]
 * @returns {Promise<Record<string, unknown>[]>}
 */
export async function ask(url, statement, values = []) {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement, [...values])).rows
  } finally {
    await client.end()
  }
}
