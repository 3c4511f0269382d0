// Waiting for a job, at one provider: the code is one, and the adapters have a suite of their own.
import { describe, expect, it } from 'vitest'
import type { RemoteBatch } from '../../src/provider.ts'
import { created, openProcessorWorld, PROCESSORS, QUICK } from '../support/processor-world.ts'

const kind = PROCESSORS[0]

describe('waiting for a job', () => {
  it.each([
    ['throttled', 'get:1=429'],
    ['down', 'get:1-4=503'],
    ['cut off', 'get:1-4=reset'],
    ['hidden by a proxy', 'get:1-4=html'],
    ['not found now and then', 'get:1-2=404'],
  ])('wait on where the job is %s', async (_, fault) => {
    const world = await openProcessorWorld(kind)
    const job = await created(world)
    world.server.setFaults([fault])
    expect(await world.processor.checkBatchJobStatus(job.id, QUICK)).toBe('completed')
    expect(world.server.firedFaults().length).toBeGreaterThan(0)
  })

  it.each([
    ['the key is not known', ['get=401'], { failure: { status: 401 }, outcome: 'refused' }],
    ['the key may not', ['get=403'], { failure: { status: 403 }, outcome: 'refused' }],
    ['the job is neither found nor listed', ['get=404', 'list=nothing-listed'], { code: 'not_found' }],
  ])('give up waiting where %s', async (_, faults, expected) => {
    const world = await openProcessorWorld(kind)
    const job = await created(world)
    world.server.setFaults(faults)
    await expect(world.processor.checkBatchJobStatus(job.id, QUICK)).rejects.toMatchObject(expected)
    expect(world.processor.lastError).toMatchObject(expected)
  })

  it('do not believe a 404 that a list cannot confirm', async () => {
    const world = await openProcessorWorld(kind)
    const job = await created(world)
    world.server.setFaults(['get:1-8=404', 'list=500'])
    expect(await world.processor.checkBatchJobStatus(job.id, QUICK)).toBe('completed')
  })

  it('report every status seen, with the job, and stop waiting at a signal', async () => {
    const world = await openProcessorWorld(kind, { server: { faults: ['run=stuck(0.5)'] } })
    const job = await created(world, 4)
    const stop = new AbortController()
    const seen: string[] = []
    const onStatus = (found: RemoteBatch): void => {
      seen.push(found.status)
      if (found.status === 'in_progress') stop.abort(new Error('enough'))
    }
    const waiting = world.processor.checkBatchJobStatus(job.id, { ...QUICK, onStatus, signal: stop.signal })
    await expect(waiting).rejects.toThrow('enough')
    expect(seen.at(-1)).toBe('in_progress')
    expect(world.told.filter((line) => line.startsWith(`${job.id}: `))).toHaveLength(seen.length)
  })

  it('wait for the file ids of a completed job', async () => {
    const world = await openProcessorWorld(kind)
    const job = await created(world)
    await world.server.drain()
    world.server.setFaults(['get:1-2=ids-hidden'])
    const seen: (string | null)[] = []
    await world.processor.checkBatchJobStatus(job.id, { ...QUICK, onStatus: (found) => seen.push(found.outputFileId) })
    expect(seen).toEqual([null, null, expect.any(String)])
  })
})
