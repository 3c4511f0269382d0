// Saving result files, whole or not at all, at one provider: the code is one.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { created, jsonLines, openProcessorWorld, PROCESSORS, QUICK, uploaded } from '../support/processor-world.ts'

const kind = PROCESSORS[1]

describe('saving results', () => {
  it.each([
    ['breaks off', 'content:1=cut(0.5)'],
    ['comes short without saying so', 'content:1=short(0.5)'],
    ['comes empty', 'content:1=zero-bytes'],
    ['is a page of a proxy', 'content:1-3=html-answer'],
    ['is throttled', 'content:1=429'],
  ])('save a file whole where the download %s', async (_, fault) => {
    const world = await openProcessorWorld(kind)
    const job = await created(world, 20)
    await world.processor.checkBatchJobStatus(job.id, QUICK)
    world.server.setFaults([fault])
    const { saved } = await world.processor.saveAllOutputs()
    expect(world.server.firedFaults().length).toBeGreaterThan(0)
    expect(await jsonLines(saved[0]?.path ?? '')).toHaveLength(20)
  })

  it('leave nothing behind where a file cannot be saved, and refuse what is no file id', async () => {
    const world = await openProcessorWorld(kind)
    const job = await created(world)
    await world.processor.checkBatchJobStatus(job.id, QUICK)
    world.server.setFaults(['content=short(0.5)'])
    const outputs = await world.processor.saveAllOutputs()
    expect(outputs).toMatchObject({ saved: [], failed: [{ jobId: job.id, kind: 'output' }] })
    expect(world.processor.lastError).toBe(outputs.failed[0]?.error)
    world.server.setFaults([])
    expect((await world.processor.saveAllOutputs()).saved).toHaveLength(1)
    await expect(world.processor.saveBatchOutput('../../outside')).rejects.toMatchObject({ code: 'usage' })
  })

  it('save what this folder created and leave the other jobs of the account alone, unless asked for all', async () => {
    const world = await openProcessorWorld(kind)
    const stranger = world.again({ batchDir: join(world.folder, 'elsewhere') })
    const others = await created({ ...world, processor: stranger }, 2)
    const own = await created(world, 3)
    await world.server.drain()
    const outputs = await world.processor.saveAllOutputs()
    expect(outputs.saved.map(({ jobId }) => jobId)).toEqual([own.id])
    expect(outputs).toMatchObject({ skipped: [], failed: [], others: 1 })
    expect(world.told.at(-1)).toMatch(/^1 job of the account was not created from .*all: true/)
    const all = await world.processor.saveAllOutputs({ all: true })
    expect(all.saved.map(({ jobId }) => jobId).toSorted()).toEqual([own.id, others.id].toSorted())
    expect(all.others).toBe(0)
  })

  it('save a job whose create was not answered, because its input file is on record', async () => {
    const world = await openProcessorWorld(kind)
    const file = await uploaded(world)
    world.server.setFaults(['create=accept-then-reset', 'list=500'])
    expect(await world.processor.createBatchJob(file)).toBe(null)
    world.server.setFaults([])
    await world.server.drain()
    expect(await world.again().saveAllOutputs()).toMatchObject({ saved: [{ kind: 'output' }], others: 0 })
  })
})
