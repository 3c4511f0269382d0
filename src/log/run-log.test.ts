import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anyStart, anyStep, ComparedRun } from '../../test/support/compared-run.ts'
import {
  AGAIN,
  addNew,
  all,
  createRun,
  end,
  range,
  type StoredRun,
  seal,
  sendAgain,
  settleEnded,
} from '../../test/support/stored-run.ts'
import { swiftDisk } from '../../test/support/swift-disk.ts'
import { systemClock } from '../lib/clock.ts'
import { openFolderStore } from '../store/folder/folder-store.ts'
import type { Store } from '../store/store.ts'
import { RunLog } from './run-log.ts'

let home: string
let store: Store

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-log-'))
  store = await openFolderStore({ home, disk: swiftDisk, clock: systemClock })
})

afterAll(async () => {
  await store.close()
  await rm(home, { recursive: true })
})

describe('a run that is read by its batches', () => {
  it('is, after any history, what a person would have written down, and is counted so', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyStart,
        fc.array(anyStep, { minLength: 1, maxLength: 30, size: 'max' }),
        async (start, steps) => {
          fc.pre(start.rows.includes('own'))
          const both = await ComparedRun.begin(store, home, start)
          for (const step of steps) {
            await both.carryOut(step)
            if (step.pick % 3 === 0) await both.check()
          }
          await expect(both.check()).resolves.toBeUndefined()
        },
      ),
      { numRuns: Number(process.env['HISTORIES'] ?? 60) },
    )
  })
})

describe('a file of the log that is damaged or absent', () => {
  const DAMAGES = [
    ['damaged', async (path: string) => await writeFile(path, (await readFile(path)).fill(1, 100))],
    ['absent', async (path: string) => await rm(path)],
  ] as const

  /** A run with a batch that has outcomes, and one that has a plan. */
  async function sentAgain(): Promise<StoredRun> {
    const run = await createRun(store, home, { maxReasks: 0 }, swiftDisk)
    const key = await addNew(run, range(3))
    await seal(run, [{}, {}, {}, { shares: 1 }])
    await end(run, key)
    await settleEnded(run, key, [{ ordinal: 0 }, { ordinal: 1, ...AGAIN }, { ordinal: 2 }])
    await sendAgain(run, [1])
    return run
  }

  it.each(DAMAGES)('is noticed and told with the way out: outcomes that are %s', async (_, damage) => {
    const run = await sentAgain()
    const [settled] = await run.store.batches()
    await damage(run.folder.outcomes(settled?.settled?.name ?? ''))
    await expect(all(new RunLog(run).all())).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringMatching(/\.columns is damaged or absent: it says what became of batch 1$/),
      next: expect.stringContaining('Read the answers of that run'),
    })
  })

  it.each(DAMAGES)('is made again where that is possible: outcomes that are %s', async (_, damage) => {
    const run = await sentAgain()
    const [settled] = await run.store.batches()
    const { outcomes } = await new RunLog(run).read(settled ?? raise())
    await damage(run.folder.outcomes(settled?.settled?.name ?? ''))
    const asked: (readonly [number, number])[] = []
    const log = new RunLog(run, async ({ number }, plan) => {
      asked.push([number, plan.length])
      return outcomes ?? raise()
    })
    expect((await all(log.all())).map(({ state }) => state)).toEqual(['succeeded', 'batched', 'succeeded'])
    expect(asked).toEqual([[1, 3]])
  })

  it.each(DAMAGES)('is noticed and told with what is lost: a plan and the shared rows, %s', async (_, damage) => {
    const run = await sentAgain()
    const [, planned] = await run.store.batches()
    await damage(run.folder.plan(planned?.nonce ?? ''))
    const next = 'Restore the folder of the run from a backup.'
    await expect(all(new RunLog(run).all())).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringMatching(/is damaged or absent: which requests are in batch 2 is not known$/),
      next,
    })
    await damage(run.folder.portion(1).sharing)
    await expect(new RunLog(run).weights()).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringMatching(/is damaged or absent: which rows share a request is not known$/),
      next,
    })
  })
})

function raise(): never {
  throw new Error('it is not there')
}
