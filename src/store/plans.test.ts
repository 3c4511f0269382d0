import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { again, batch, place, runOf, settle } from '../../test/support/stored-run.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { type Connection, type DatabaseDisk, openDatabase } from './connection.ts'
import { openStore } from './sqlite-store.ts'
import type { RunStore, Store } from './store.ts'

/** How SQLite goes about the statements of a run: what is gone through once for every row, or every page, takes hours. */

let home: string
let store: Store
let connection: Connection
const statements = new Set<string>()

/** The machine's disk, noting every statement that is prepared on it. */
const noting: DatabaseDisk = {
  ...systemDisk,
  openDatabase(path) {
    connection = openDatabase(path)
    return new Proxy(connection, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...values: readonly unknown[]): unknown => {
          if (name === 'prepare') statements.add(String(values[0]))
          return Reflect.apply(value, target, values)
        }
      },
    })
  },
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-plans-'))
  store = await openStore({ home, disk: noting, clock: systemClock })
})

afterEach(async () => {
  await store.close()
  await rm(home, { recursive: true })
})

const INVALID = { status: 'invalid', code: 'schema_mismatch', reason: 'label is missing' } as const

/** What a long life of a run asks of the store, as far as it concerns many rows at once. */
async function live(run: RunStore): Promise<void> {
  await run.requestsOf(1, -1, 10)
  await settle(run, { ordinal: 0, ...INVALID }, { ordinal: 1 }, { ordinal: 2, status: 'failed', billed: 'no' })
  await run.reaskableRequests(-1, 10)
  await run.addBatch(batch([again(3, 0)]))
  await settle(run, { ordinal: 3 })
  await run.reopenRequests({ statuses: ['failed', 'succeeded'], billed: ['no', 'yes'], maxTokens: 9, canaryAbove: 1 })
  await run.pendingRequests(-1, 10)
  await run.addBatch(batch([place(2, { row: null }), place(0, { row: null })]))
  await run.cancelUnsent()
  await run.rowResults(-1, 10)
  await run.answeredRequests(-1, 10)
  await run.answersOf([0, 1, 2])
  await run.counts()
  await run.usageByAttempt(1_000, undefined)
  await run.failureReasons(5)
  await run.tolerated()
  await run.reasked()
}

/** The steps of a plan, each with the step that it is a part of. */
function planOf(sql: string): readonly { readonly id: number; readonly parent: number; readonly detail: string }[] {
  return connection.prepare(`explain query plan ${sql}`).all() as never
}

/** Steps that go through a list once for every row of the steps beside and before them. */
function repeatedLists(sql: string): readonly string[] {
  const plan = planOf(sql)
  return plan.flatMap(({ detail, id, parent }) => {
    const isList = /^SCAN .*VIRTUAL TABLE/.test(detail)
    const before = plan.filter(
      (step) => step.parent === parent && step.id < id && /^(?:SCAN|SEARCH) /.test(step.detail),
    )
    return isList && before.length > 0 ? [`${detail} for each of ${before.map((step) => step.detail).join()}`] : []
  })
}

/** Steps that go through all requests or rows of a run. */
function wholeRuns(sql: string): readonly string[] {
  return planOf(sql).flatMap(({ detail }) =>
    /^SEARCH .*PRIMARY KEY \(run=\?\)$|^SCAN (?:requests|rows)/.test(detail) ? [detail] : [],
  )
}

it('no page of rows needs a look at all of them', async () => {
  const run = await runOf(store, 3)
  await live(run)
  statements.clear()
  await store.close()
  store = await openStore({ home, disk: noting, clock: systemClock })
  const reader = store.read(run.id)
  statements.clear()
  await reader.rowResults(-1, 10)
  await reader.answeredRequests(-1, 10)
  await reader.answersOf([0, 1, 2])
  await reader.reaskableRequests(-1, 10)
  await reader.pendingRequests(-1, 10)
  const looking = [...statements].map((sql) => ({ sql, steps: wholeRuns(sql) })).filter(({ steps }) => steps.length > 0)
  expect(looking).toEqual([])
})

it('no statement goes through a list once for every row', async () => {
  await live(await runOf(store, 3))
  const writing = [...statements].filter((sql) => /^\s*(?:with|select|insert|update|delete)\b/i.test(sql))
  expect(writing.length).toBeGreaterThan(40)
  const repeated = writing.map((sql) => ({ sql, lists: repeatedLists(sql) })).filter(({ lists }) => lists.length > 0)
  expect(repeated).toEqual([])
})
