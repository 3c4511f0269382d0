import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { systemDisk } from '../../lib/disk.ts'
import { IN_FLIGHT } from '../in-flight.ts'
import { SHORT_OF_ROOM, UNFINISHED } from '../record-columns.ts'
import { runFolder } from '../run-folder.ts'
import { openFolderStore } from './folder-store.ts'
import { SqliteDatabase } from './sqlite-database.ts'

async function openHome() {
  const home = await mkdtemp(join(tmpdir(), 'llm-batch-store-'))
  const store = await openFolderStore({ home, disk: systemDisk, clock: systemClock })
  onTestFinished(async () => {
    await store.close()
    await rm(home, { recursive: true })
  })
  return { home, store }
}

it('keeps its database readable by its owner only', async () => {
  const { home } = await openHome()
  expect((await stat(join(home, 'state.db'))).mode & 0o777).toBe(0o600)
})

it('finds unfinished attempts by indexes, whose conditions are words of the statements', async () => {
  const { home } = await openHome()
  const database = new SqliteDatabase(join(home, 'state.db'), systemClock)
  const planOf = (condition: string): Promise<string> =>
    database.read(async (sql) => {
      const steps = await sql.all<{ detail: string }>(
        `explain query plan select a.key from attempts a join batches b on b.key = a.batch where ${condition}`,
        ...(condition.match(/\?/g) ?? []).map(() => 0),
      )
      return steps.map(({ detail }) => detail).join()
    })
  expect(await planOf(UNFINISHED)).toMatch(/^SCAN a USING (?:COVERING )?INDEX attempts_unfinished/)
  expect(await planOf(IN_FLIGHT)).toMatch(/^SCAN a USING (?:COVERING )?INDEX attempts_begun/)
  expect(await planOf(SHORT_OF_ROOM)).toMatch(/^SCAN a USING (?:COVERING )?INDEX attempts_short_of_room/)
  await database.close()
})

it('has a lock that a second process cannot take and that its death frees', async () => {
  const { home, store } = await openHome()
  const { lock: path } = runFolder(home, 'r1')
  ;(await store.lockRun('r1')).release()
  const script = `
    const { DatabaseSync } = require('@photostructure/sqlite')
    const database = new DatabaseSync(${JSON.stringify(path)})
    database.exec('begin exclusive')
    console.log('locked')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  await expect(store.lockRun('r1')).rejects.toMatchObject({ code: 'busy' })
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  ;(await store.lockRun('r1')).release()
})
