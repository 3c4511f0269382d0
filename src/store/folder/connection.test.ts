import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { openDatabase, withDiskCode } from './connection.ts'
import { SqliteDatabase } from './sqlite-database.ts'

it('tells of a full database as the file system tells of a full disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-full-'))
  const database = new SqliteDatabase(join(folder, 'state.db'), systemClock)
  onTestFinished(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })
  await database.transaction((sql) => sql.script('create table notes (text text); pragma max_page_count = 20'))
  const fill = (length: number) =>
    database.transaction((sql) => sql.run('insert into notes (text) values (?)', 'x'.repeat(length)))
  await expect(fill(1_000_000)).rejects.toMatchObject({
    code: 'ENOSPC',
    message: expect.stringMatching(/^ENOSPC: .*full/),
  })
  // What was undone is undone, and there is room for less.
  await fill(5)
  expect(await database.read((sql) => sql.get('select count(*) as notes from notes'))).toEqual({ notes: 1 })
})

it.each([
  ['a failed write for want of room', { errcode: 10, systemErrno: 28 }, 'ENOSPC'],
  ['a failed read or write', { errcode: 10, systemErrno: 5 }, 'EIO'],
])('tells of %s', (_, facts, code) => {
  const error = Object.assign(new Error('disk I/O error'), facts)
  expect(withDiskCode(error)).toMatchObject({ code, cause: error })
})

it('leaves every other error as it is', () => {
  const error = Object.assign(new Error('constraint failed'), { errcode: 19 })
  expect(withDiskCode(error)).toBe(error)
})

it('waits for the transaction of another connection of the same process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-busy-'))
  const path = join(folder, 'state.db')
  const [one, other] = [new SqliteDatabase(path, systemClock), new SqliteDatabase(path, systemClock)]
  onTestFinished(async () => {
    await Promise.all([one.close(), other.close()])
    await rm(folder, { recursive: true })
  })
  await one.transaction((sql) => sql.script('create table notes (text text)'))
  const add = (database: SqliteDatabase) => async (text: string) =>
    await database.transaction(async (sql) => {
      const before = await sql.all('select text from notes')
      await sql.run('insert into notes (text) values (?)', `${text} is number ${before.length + 1}`)
    })
  await Promise.all([...['a', 'b'].map(add(one)), ...['c', 'd'].map(add(other))])
  const notes = await other.read((sql) => sql.all<{ text: string }>('select text from notes'))
  expect(notes.map(({ text }) => text.replace(/^\w/, 'it'))).toEqual(
    [1, 2, 3, 4].map((place) => `it is number ${place}`),
  )
})

it('is opened once SQLite no longer refuses it, because another process makes the same new file at that moment', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-new-'))
  let refusals = 2
  const database = await SqliteDatabase.open(join(folder, 'state.db'), systemClock, (path) => {
    if (refusals-- > 0) throw new Error('database is locked')
    return openDatabase(path)
  })
  onTestFinished(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })
  expect(refusals).toBeLessThan(0)
  expect(await database.read((sql) => sql.get('pragma journal_mode'))).toEqual({ journal_mode: 'wal' })
})
