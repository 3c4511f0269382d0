import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Chance } from '../../proof/world/chance.ts'
import { immortal, Life } from '../../proof/world/life.ts'
import { ProcessDisk } from '../../proof/world/process-disk.ts'
import { SimulatedDisk } from '../../proof/world/simulated-disk.ts'
import type { Disk } from '../../src/lib/disk.ts'
import { BatchPlan, PlanBuilder } from '../../src/log/batch-plan.ts'
import { Outcomes } from '../../src/log/outcomes.ts'
import { RowWeights, WeightCounter } from '../../src/log/row-weights.ts'
import type { FileFacts } from '../../src/model/file-facts.ts'
import { answer } from '../support/stored-run.ts'

/** Files of the log are written whole or not at all, and no other content is believed, wherever process or power ends. */

let realRoot: string

beforeAll(async () => {
  realRoot = await mkdtemp(join(tmpdir(), 'llm-batch-log-files-'))
})

afterAll(async () => {
  await rm(realRoot, { recursive: true })
})

const FOLDER = '/results'
const PATH = `${FOLDER}/1.columns`

/** A file of the log: how it is written, with contents by a number, and what is read of it. */
interface Kind {
  readonly write: (disk: Disk, content: number) => Promise<FileFacts | null>
  readonly read: (disk: Disk, facts: FileFacts) => Promise<unknown>
}

const KINDS: Readonly<Record<string, Kind>> = {
  outcomes: {
    write: async (disk, content) => {
      const outcomes = Outcomes.empty(3)
      for (const index of [0, 1, 2]) outcomes.set(index, answer({ promptTokens: content }))
      return await outcomes.write(disk, PATH)
    },
    read: async (disk, facts) => (await Outcomes.read(disk, PATH, facts))?.at(2)?.promptTokens,
  },
  plan: {
    write: async (disk, content) => {
      const builder = new PlanBuilder()
      builder.add({ ordinal: content, tries: 1, turn: 0, earlierUsd: 0 })
      return await builder.write(disk, PATH)
    },
    read: async (disk, facts) => (await BatchPlan.read(disk, PATH, facts))?.ordinalAt(0),
  },
  sharing: {
    write: async (disk, content) => {
      const counter = new WeightCounter()
      for (let count = 1; count < content; count += 1) counter.add(7)
      return await counter.weights().write(disk, PATH)
    },
    read: async (disk, facts) => (await RowWeights.read(disk, PATH, facts))?.rowsOf(7),
  },
}

/** The contents of the file that a crash left over, and of the one that is written then: both are of one length. */
const LEFT_OVER = 3
const WRITTEN = 4

async function machine(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(realRoot)
  const first = new ProcessDisk(disk, immortal())
  await first.makeFolder(FOLDER)
  await first.syncFolder('/')
  return disk
}

describe.each(Object.entries(KINDS))('a file of %s', (_, { read, write }) => {
  it.each(['death', 'power loss'] as const)('is whole, or not believed, after %s at any step', async (crash) => {
    const facts = await write(new ProcessDisk(await machine(), immortal()), WRITTEN)
    if (!facts) throw new Error('nothing was written')
    let isWritten = false
    let step = 0
    for (; !isWritten; step += 1) {
      const disk = await machine()
      const before = new ProcessDisk(disk, immortal())
      await write(before, LEFT_OVER)
      expect(await read(before, facts)).toBeUndefined()
      let passed = 0
      const life = new Life(() => {
        passed += 1
        return passed > step
      })
      const writing = write(new ProcessDisk(disk, life), WRITTEN).then(() => true)
      isWritten = await Promise.race([writing, life.ended.then(() => false)])
      if (crash === 'power loss') disk.losePower(new Chance(step))
      const after = new ProcessDisk(disk, immortal())
      const found = await read(after, facts)
      // What was told to be written may be named by the catalog from then on.
      expect(isWritten ? [WRITTEN] : [WRITTEN, undefined]).toContain(found)
      expect(await write(after, WRITTEN)).toEqual(facts)
      expect(await read(after, facts)).toBe(WRITTEN)
    }
    // Making a file, writing it, forcing it to disk, renaming it, forcing its name to disk.
    expect(step).toBeGreaterThan(5)
  })
})
