import { expect, it, onTestFinished, vi } from 'vitest'
import { sharedPostgres } from '../../../test/support/postgres.ts'
import { systemClock } from '../../lib/clock.ts'
import { PostgresLocks, type SignsOfLife } from './locks.ts'
import { Sessions } from './sessions.ts'

const NEVER = 1_000_000_000

let homes = 0

/** Two processes at one home. */
async function twoProcesses(first: SignsOfLife, second: SignsOfLife) {
  homes += 1
  const schema = `locks_${process.pid}_${homes}`
  const url = await sharedPostgres()
  const open = (life: SignsOfLife) => {
    const sessions = new Sessions({ url, schema })
    const locks = new PostgresLocks(sessions, systemClock, schema, life)
    onTestFinished(async () => {
      await locks.close()
      await sessions.close()
    })
    return { locks, sessions }
  }
  return [open(first), open(second)] as const
}

it('are taken from a process that shows no life, whose session is ended', async () => {
  const [halted, other] = await twoProcesses({ beatMs: NEVER, silentMs: NEVER }, { beatMs: NEVER, silentMs: 0 })
  await halted.locks.lockRun('r1')
  expect(await halted.locks.isRunLocked('r1')).toBe(true)
  expect(await other.locks.isRunLocked('r1')).toBe(false)
  const lock = await other.locks.lockRun('r1')
  await expect(halted.locks.lockRun('r1')).rejects.toMatchObject({ code: 'busy' })
  lock.release()
})

it('are taken again by their process where their session was lost', async () => {
  const [holder, other] = await twoProcesses({ beatMs: 20, silentMs: NEVER }, { beatMs: NEVER, silentMs: NEVER })
  const lock = await holder.locks.lockRun('r1')
  const holderOf = async () =>
    await other.sessions.use(async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        `select l.pid from pg_locks l where l.locktype = 'advisory' and l.granted and
           ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended($1, 0)`,
        [`llm-batch locks_${process.pid}_${homes} run r1`],
      )
      return rows[0]?.pid
    })
  const before = await holderOf()
  expect(before).toBeTypeOf('number')
  await other.sessions.use((client) => client.query('select pg_terminate_backend($1)', [before]))
  await vi.waitUntil(async () => ![before, undefined].includes(await holderOf()))
  await expect(other.locks.lockRun('r1')).rejects.toMatchObject({ code: 'busy' })
  lock.release()
  await vi.waitUntil(async () => !(await other.locks.isRunLocked('r1')))
})
