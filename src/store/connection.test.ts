import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { withDiskCode } from './connection.ts'
import { Driver } from './driver.ts'

it('tells of a full database as the file system tells of a full disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-full-'))
  const driver = new Driver(join(folder, 'state.db'))
  onTestFinished(async () => {
    driver.close()
    await rm(folder, { recursive: true })
  })
  driver.script('create table notes (text text)')
  driver.script('pragma max_page_count = 20')
  const fill = (): unknown =>
    driver.transaction(() => driver.run('insert into notes (text) values (?)', 'x'.repeat(1_000_000)))
  expect(fill).toThrow(expect.objectContaining({ code: 'ENOSPC', message: expect.stringMatching(/^ENOSPC: .*full/) }))
  // What was undone is undone, and there is room for less.
  driver.transaction(() => driver.run('insert into notes (text) values (?)', 'small'))
  expect(driver.get('select count(*) as notes from notes')).toEqual({ notes: 1 })
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
