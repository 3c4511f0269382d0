// Saving result files, whole or not at all, at one provider: the code is one.
import { describe, expect, it } from 'vitest'
import { created, jsonLines, openProcessorWorld, PROCESSORS, QUICK } from './support/processor-world.ts'

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
})
