import { describe, expect, it } from 'vitest'
import type { Run } from '../../src/index.ts'
import {
  finalBooks,
  finish,
  positive,
  promptRows,
  readStatuses,
  reopenIn,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { heldFaults, UNTIL_RELEASED } from '../support/held-clock.ts'
import { openWorld } from '../support/local-world.ts'

const ROWS = 60
const PER_BATCH = 20

/** Rows of which so many in every batch are refused with a 400. */
function rows(refused: number): string {
  return promptRows(
    Array.from({ length: ROWS }, (_, index) =>
      index % PER_BATCH < refused ? '[[simulate: status=400]]' : `Question ${index}.`,
    ),
  )
}

/** Batches go one after another; the input file of one does not arrive before those before it were judged. */
async function openSmallWorld(config: object = {}, upload = 2) {
  const limits = { maxRequests: PER_BATCH, maxOpenBatches: upload - 1 }
  const { clock, release } = heldFaults()
  const faults = [`upload:${upload}=slow(${UNTIL_RELEASED})`]
  const world = await openWorld({ waits: SHORT_WAITS, clock, config: { limits, ...config }, faults })
  /** Drives the run to its end, and lets the input file come when as many batches as are open at once were judged. */
  const finishJudged = async (run: Run) => {
    let judged = 0
    run.on('event', (event) => {
      if (event.type === 'batch' && event.stage === 'collected') judged += 1
      if (judged === limits.maxOpenBatches) release()
    })
    return await finish(run)
  }
  return { ...world, finishJudged }
}

describe('the stop-loss', () => {
  it('holds the rest of a run when most rows of a batch fail alike (F09)', async () => {
    const world = await openSmallWorld()
    const { counts, run } = await world.finishJudged(await startIn(world, 'openai', rows(12)))
    expect(run).toMatchObject({
      state: 'held',
      reason: expect.stringMatching(/12 of the 20 rows of batch 1.*invalid_value/),
    })
    expect(run.reason).toContain('ignoreStopLoss')
    expect(positive(counts)).toEqual({ succeeded: 8, failed: 12, batched: 40 })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: 8 })
  })

  it('collects what is in flight', async () => {
    const world = await openSmallWorld({}, 3)
    const { counts, run } = await world.finishJudged(await startIn(world, 'openai', rows(12)))
    expect(run.state).toBe('held')
    expect(positive(counts)).toEqual({ succeeded: 16, failed: 24, batched: 20 })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: 16 })
  })

  it.each([
    ['half of the rows fail', rows(10), {}],
    ['fewer rows fail than count', rows(12), { leastRows: 13 }],
    ['it is turned off', rows(20), { share: 1 }],
  ])('lets a run go on where %s', async (_, input, stopLoss) => {
    const world = await openSmallWorld({ stopLoss })
    expect((await world.finishJudged(await startIn(world, 'openai', input))).run.state).toBe('completed')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 3 })
  })

  it('is not set off by what passes, nor by what was paid for', async () => {
    const world = await openSmallWorld()
    const special = Array.from({ length: ROWS }, (_, index) =>
      index % 2 === 0 ? '[[simulate: status=500 times=1]]' : '[[simulate: length]]',
    )
    const { counts, run } = await world.finishJudged(await startIn(world, 'openai', promptRows(special)))
    expect(run.state).toBe('completed')
    expect(positive(counts)).toEqual({ succeeded: 30, truncated: 30 })
  })

  it('stays when the run is resumed, until it is ignored for good', async () => {
    const world = await openSmallWorld()
    await world.finishJudged(await startIn(world, 'openai', rows(12)))
    expect((await finish(await reopenIn(world))).run.state).toBe('held')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1 })
    const run = await reopenIn(world)
    const { counts } = await run.finished({ ignoreStopLoss: true })
    await run.close()
    expect(positive(counts)).toEqual({ succeeded: 24, failed: 36 })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 3, rowsBilled: 24, repeated: [] })
    expect(await readStatuses(world)).toHaveLength(ROWS)
  })

  it('gives way when its limit is raised', async () => {
    const world = await openSmallWorld()
    await world.finishJudged(await startIn(world, 'openai', rows(12)))
    await world.write(
      'llm-batch.config.json',
      JSON.stringify({ waits: SHORT_WAITS, limits: { maxRequests: PER_BATCH }, stopLoss: { share: 0.6 } }),
    )
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 3, repeated: [] })
  })
})
