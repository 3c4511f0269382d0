import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CuttingProxy, cuttingProxy } from '../../../test/support/cutting-proxy.ts'
import { TestPostgres } from '../../../test/support/embedded-postgres.ts'
import { systemClock } from '../../lib/clock.ts'
import type { Sql } from '../sql.ts'
import { COMMITS_TABLE, PostgresDatabase } from './postgres-database.ts'
import { Sessions } from './sessions.ts'

let server: TestPostgres
let proxy: CuttingProxy
let database: PostgresDatabase

beforeEach(async () => {
  server = await TestPostgres.start()
  const url = new URL(server.url)
  proxy = await cuttingProxy(Number(url.port))
  url.port = String(proxy.port)
  database = new PostgresDatabase(new Sessions({ url: url.href, schema: 'public' }), systemClock, 'public')
  await database.transaction((sql) => sql.script(`create table notes (text text); ${COMMITS_TABLE}`))
})

afterEach(async () => {
  await database.close()
  await proxy.close()
  await server.stop()
})

async function notes(): Promise<string[]> {
  const rows = await database.read((sql) => sql.all<{ text: string }>('select text from notes order by text'))
  return rows.map(({ text }) => text)
}

/** A transaction that says how often it was begun. */
function counted() {
  const counter = { times: 0 }
  const work = async (sql: Sql): Promise<number> => {
    counter.times += 1
    await sql.run('insert into notes (text) values (?)', `try ${counter.times}`)
    await sql.run('insert into notes (text) values (?)', 'end')
    return counter.times
  }
  return { counter, work }
}

describe('a transaction whose connection is lost', () => {
  it('before its commit arrived, is carried out again', async () => {
    const { work } = counted()
    proxy.cutAt('commit', 'before')
    expect(await database.transaction(work)).toBe(2)
    expect(await notes()).toEqual(['end', 'try 2'])
  })

  it('after its commit, is not carried out again, and gives its result', async () => {
    const { counter, work } = counted()
    proxy.cutAt('commit', 'after')
    expect(await database.transaction(work)).toBe(1)
    expect(counter.times).toBe(1)
    expect(await notes()).toEqual(['end', 'try 1'])
  })

  it('between its statements, is carried out again', async () => {
    const { work } = counted()
    proxy.cutAt('try 1', 'after')
    expect(await database.transaction(work)).toBe(2)
    expect(await notes()).toEqual(['end', 'try 2'])
  })
})

it('carries out again what a killed server did not commit, though another transaction has its number now', async () => {
  const other = new PostgresDatabase(new Sessions({ url: server.url, schema: 'public' }), systemClock, 'public')
  let tries = 0
  await database.transaction(async (sql) => {
    tries += 1
    await sql.run("insert into notes (text) values ('mine')")
    if (tries > 1) return
    await server.kill()
    await server.restart()
    await other.transaction((theirs) => theirs.run("insert into notes (text) values ('theirs')"))
  })
  await other.close()
  expect(tries).toBe(2)
  expect(await notes()).toEqual(['mine', 'theirs'])
})

it('is waited for while its server starts again', async () => {
  await database.transaction((sql) => sql.run("insert into notes (text) values ('kept')"))
  await server.kill()
  const found = notes()
  await server.restart()
  expect(await found).toEqual(['kept'])
})

it('rolls back work that failed, and throws what failed', async () => {
  const failing = database.transaction(async (sql) => {
    await sql.run("insert into notes (text) values ('lost')")
    throw new RangeError('the work is wrong')
  })
  await expect(failing).rejects.toThrow(new RangeError('the work is wrong'))
  await expect(database.transaction((sql) => sql.run('insert into nothing values (1)'))).rejects.toMatchObject({
    code: '42P01',
  })
  expect(await notes()).toEqual([])
})

it('carries out one transaction after the other', async () => {
  await database.transaction((sql) => sql.script("insert into notes (text) values ('0')"))
  const other = new PostgresDatabase(new Sessions({ url: server.url, schema: 'public' }), systemClock, 'public')
  const addOne = async (sql: Sql): Promise<void> => {
    const found = await sql.get<{ text: string }>('select text from notes')
    await sql.run('update notes set text = ?', String(Number(found?.text) + 1))
  }
  await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? database : other).transaction(addOne)))
  await other.close()
  expect(await notes()).toEqual(['20'])
})
