// Listing jobs: all pages in one shape, and never half of them.
import { describe, expect, it } from 'vitest'
import type { RemoteBatch } from '../../src/provider.ts'
import { type RawBatch, RawClient } from '../support/local-server.ts'
import type { LocalWorld } from '../support/local-world.ts'
import { created, jobsOf, openProcessorWorld, PROCESSORS, uploaded } from '../support/processor-world.ts'

/** A job that some other program has made in the account: one call, where a processor looks around before. */
async function createdRaw({ environment, server }: LocalWorld, provider: 'openai' | 'mistral', fileId: string) {
  if (provider === 'openai') return await new RawClient(server.openaiUrl, environment['OPENAI_API_KEY']).create(fileId)
  const job = { input_files: [fileId], endpoint: '/v1/chat/completions', model: 'mistral-small-latest' }
  return await new RawClient(server.mistralUrl, environment['MISTRAL_API_KEY']).json<RawBatch>(
    'POST',
    '/batch/jobs',
    job,
  )
}

describe.each(PROCESSORS)('listing the jobs at $name', (kind) => {
  it('list all pages, newest first, from an instant, by status, and down to a job seen before', async () => {
    const world = await openProcessorWorld(kind)
    const file = await uploaded(world, 1)
    const create = async (): Promise<string> => (await createdRaw(world, kind.name, file.id)).id
    const ids: string[] = []
    // More than one page holds, which is 100 at both.
    while (ids.length < 105) ids.push(...(await Promise.all(Array.from({ length: 15 }, create))))
    await world.server.drain()
    const all = await jobsOf(world.processor)
    expect(new Set(all.map(({ id }) => id))).toEqual(new Set(ids))
    expect(all.map(({ createdAt }) => createdAt)).toEqual(
      all.map(({ createdAt }) => createdAt).toSorted((one, other) => Number(other) - Number(one)),
    )
    const [stopAt = ''] = ids.slice(60)
    const newer: string[] = []
    for await (const { id } of world.processor.listJobs({ stopAt })) newer.push(id)
    expect(newer).toEqual(expect.arrayContaining(ids.slice(61)))
    expect(newer).not.toContain(stopAt)
    const none: RemoteBatch[] = []
    for await (const job of world.processor.listJobs({ status: ['failed', 'expired'] })) none.push(job)
    for await (const job of world.processor.listJobs({ since: new Date(Date.now() + 60_000) })) none.push(job)
    expect(none).toEqual([])
  })

  it('give no half of a list', async () => {
    const world = await openProcessorWorld(kind)
    await created(world)
    world.server.setFaults(['list=500'])
    await expect(jobsOf(world.processor)).rejects.toMatchObject({ name: 'ProcessorError', outcome: 'failed' })
    world.server.setFaults(['list:1-4=500'])
    expect(await jobsOf(world.processor)).toHaveLength(1)
  })
})
