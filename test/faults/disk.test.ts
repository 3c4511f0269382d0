import { EventEmitter } from 'node:events'
import { cp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, it } from 'vitest'
import { loadConfiguration } from '../../src/config/configuration.ts'
import type { RunEvent } from '../../src/index.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { type Disk, type OpenMode, systemDisk } from '../../src/lib/disk.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { RunHandle } from '../../src/library/handle.ts'
import { Run } from '../../src/library/library-run.ts'
import { toldEvent } from '../../src/library/told.ts'
import { inProperties } from '../../src/model/options/mention.ts'
import { PLAIN_OUTPUT } from '../../src/model/run.ts'
import { takeNewRun } from '../../src/prepare/start.ts'
import { openWorkspace } from '../../src/workspace/workspace.ts'
import {
  answersPath,
  finalBooks,
  finish,
  MODELS,
  readStatuses,
  reopenIn,
  SHORT_LIMITS,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const ROWS = 6
const ALL = Array.from({ length: ROWS }, () => 'succeeded')

/** The real disk until a write of a file whose path fits, which it refuses as it would when it is full. */
function diskFullAt(fits: (path: string) => boolean): Disk & { isFull: boolean; refused: number } {
  const disk = {
    ...systemDisk,
    isFull: true,
    refused: 0,
    async open(path: string, mode: OpenMode) {
      const file = await systemDisk.open(path, mode)
      return {
        ...file,
        async write(bytes: Uint8Array) {
          if (!disk.isFull || !fits(path)) return await file.write(bytes)
          disk.refused += 1
          throw Object.assign(new Error(`ENOSPC: no space left on device, write '${path}'`), { code: 'ENOSPC' })
        },
      }
    },
  }
  return disk
}

/** A run as the library makes it, but on this disk. */
async function startOn(disk: Disk, world: LocalWorld): Promise<Run> {
  const { configPath, environment, folder } = world
  const sources = { environment, workingFolder: folder, userFolder: world.home, disk }
  const configuration = await loadConfiguration({ flags: { config: configPath }, ...sources })
  const workspace = await openWorkspace({ configuration, environment, disk, clock: systemClock, random: systemRandom })
  const emitter = new EventEmitter<{ event: [RunEvent] }>()
  const path = await world.write('rows.jsonl', questions(ROWS))
  const output = { ...PLAIN_OUTPUT, path: answersPath(world) }
  const options = { input: { source: { path } }, model: MODELS.openai, prompt: '{{text}}', output }
  try {
    const taken = await takeNewRun(workspace, options, (happening) =>
      emitter.emit('event', toldEvent(happening, inProperties)),
    )
    return new Run(workspace, new RunHandle(workspace, taken, emitter), emitter)
  } catch (error) {
    await workspace.close()
    throw error
  }
}

describe.concurrent('a disk that is full', () => {
  it.for([
    ['while results come in', /results/, ['run:1=expire(0.5)']],
    ['while the next attempt is prepared', /inputs/, ['run:1=queue-full']],
    ['while rows that come back are planned', /inputs/, ['run:1=expire(0.5)']],
    ['while a batch that was never made is prepared again', /inputs/, ['create:1=reset']],
    ['while a batch that is too large is cut', /inputs/, ['upload:1=status(413)']],
  ] as const)('%s holds the run, which goes on once there is room', async ([, place, faults], { onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_LIMITS, faults })
    const disk = diskFullAt((path) => place.test(path))
    disk.isFull = false
    const run = await startOn(disk, world)
    disk.isFull = true
    const held = await finish(run)
    expect(disk.refused).toBeGreaterThan(0)
    expect(held.run).toMatchObject({ state: 'held', reason: expect.stringMatching(/disk refused: ENOSPC/) })
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it.for([/rows/, /inputs/])('while a run is prepared leaves nothing of it: %s', async (place, { onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    const disk = diskFullAt((path) => place.test(path.slice(world.home.length)))
    await expect(startOn(disk, world)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(disk.refused).toBeGreaterThan(0)
    expect(await readdir(join(world.home, 'runs'))).toEqual([])
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 0 })
  })

  it('while the answers are written keeps them for another try', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    const disk = diskFullAt((path) => path.startsWith(answersPath(world)))
    const run = await startOn(disk, world)
    await expect(run.finished()).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(stat(answersPath(world))).rejects.toMatchObject({ code: 'ENOENT' })
    disk.isFull = false
    await finish(run)
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: ROWS })
  })

  it('for the log of the run only is a warning', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    const run = await startOn(
      diskFullAt((path) => /log/.test(path.slice(world.home.length))),
      world,
    )
    const warnings: unknown[] = []
    run.on('event', (event) => {
      if (event.type === 'warning') warnings.push(event.code)
    })
    expect((await finish(run)).run.state).toBe('completed')
    expect(warnings).toEqual(['log_incomplete'])
  })
})

describe.concurrent('what a power cut leaves behind', () => {
  /** A run whose batch has ended at the provider, stopped right before the first download. */
  async function leaveEnded(world: LocalWorld, beforeClosing = (): void => undefined): Promise<string> {
    const run = await startIn(world, 'openai', questions(ROWS))
    const stop = new AbortController()
    run.on('event', (event) => {
      if (event.type === 'batch' && event.stage === 'ended') stop.abort()
    })
    await run.finished({ signal: stop.signal })
    beforeClosing()
    await run.close()
    return join(world.home, 'runs', run.id)
  }

  it.for([
    ['a download that was never finished', '1-output.jsonl.partial', '{"custom_id":"b'],
    ['a result file with its last line cut', '1-output.jsonl', '{"custom_id":"b'],
    ['a result file of zeros', '1-output.jsonl', '\u0000'.repeat(4_096)],
    ['an empty result file', '1-output.jsonl', ''],
  ] as const)('is cured by another download: %s', async ([, name, content], { onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    const folder = join(await leaveEnded(world), 'results')
    await writeFile(join(folder, name), content)
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect((await readdir(folder)).filter((file) => file.endsWith('.partial'))).toEqual([])
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it('as an input file of the wrong size is not sent', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    const run = await startIn(world, 'openai', questions(ROWS))
    const inputs = join(world.home, 'runs', run.id, 'inputs')
    const [name = ''] = await readdir(inputs)
    await truncate(join(inputs, name), 100)
    const held = await finish(run)
    expect(held.run).toMatchObject({ state: 'held', reason: expect.stringContaining('has 100 bytes instead of') })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 0 })
  })

  it('as a database whose last transaction is torn goes on from the one before', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    // The process that closes the last connection takes the log into the database.
    await leaveEnded(world, () => {
      const other = new DatabaseSync(join(world.home, 'state.db'))
      other.prepare('select count(*) from runs').get()
      onTestFinished(() => other.close())
    })
    // As the disk would be found by another process: without the memory that connections share.
    const found = join(world.folder, 'found')
    await cp(world.home, found, { recursive: true, filter: (path) => !path.endsWith('-shm') })
    const log = join(found, 'state.db-wal')
    await truncate(log, (await stat(log)).size - 100)
    expect((await finish(await reopenIn(world, { LLM_BATCH_HOME: found }))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it('as a database that is none is an error, never a fresh start', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    await leaveEnded(world)
    // New files, as another process would find them: what this process still holds open is left out of it.
    for (const part of ['state.db', 'state.db-wal', 'state.db-shm']) await rm(join(world.home, part), { force: true })
    await writeFile(join(world.home, 'state.db'), 'Z'.repeat(8_192))
    await expect(startIn(world, 'openai', questions(ROWS))).rejects.toThrow(/is not a database/)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1 })
  })
})
