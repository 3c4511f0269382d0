// The paid call: what is known after an answer that tells nothing, and what a script that was killed finds.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { jobsOf, openProcessorWorld, PROCESSORS, uploaded } from '../support/processor-world.ts'

describe.each(PROCESSORS)('creating a job at $name', (kind) => {
  it.each([
    ['a create that is lost', 'create:1=accept-then-reset'],
    ['a create answered with 500', 'create:1=accept-then-500'],
    ['a create answered by a proxy', 'create:1=accept-then-html'],
    ['a create whose answer has no id', 'create:1=no-id'],
    ['a create answered with something else', 'create:1=other-object'],
  ])('find the job of %s in the list and create no other', async (_, fault) => {
    const world = await openProcessorWorld(kind)
    const file = await uploaded(world)
    world.server.setFaults([fault])
    const job = await world.processor.createBatchJob(file)
    expect(job).toMatchObject({ inputFileId: file.id })
    expect((await jobsOf(world.processor)).map(({ id }) => id)).toEqual([job?.id])
  })

  it('say unknown where the list does not show the job, and never create it again unasked', async () => {
    const world = await openProcessorWorld(kind)
    const file = await uploaded(world)
    world.server.setFaults(['create:1=accept-then-500', 'list=nothing-listed'])
    expect(await world.processor.createBatchJob(file)).toBeNull()
    expect(world.processor.lastError).toMatchObject({ name: 'ProcessorError', outcome: 'unknown', code: 'provider' })
    // Not even as a script that is started again.
    const restarted = world.again()
    expect(await restarted.createBatchJob(file)).toBeNull()
    expect(restarted.lastError?.outcome).toBe('unknown')
    expect(restarted.lastError?.next).toContain('force: true')
    world.server.setFaults([])
    expect(await jobsOf(restarted)).toHaveLength(1)
    const found = await restarted.createBatchJob(file)
    expect(found).toMatchObject({ inputFileId: file.id })
    expect(restarted.lastError).toBeNull()
    const forced = await restarted.createBatchJob(file, { force: true })
    expect(forced?.id).not.toBe(found?.id)
    expect(await jobsOf(restarted)).toHaveLength(2)
  })

  it('do not take the job of an earlier create for that of a forced one that is unclear', async () => {
    const world = await openProcessorWorld(kind)
    const file = await uploaded(world)
    const first = await world.processor.createBatchJob(file)
    world.server.setFaults(['create:1=500'])
    expect(await world.processor.createBatchJob(file, { force: true })).toBeNull()
    expect(world.processor.lastError?.outcome).toBe('unknown')
    world.server.setFaults(['create:1=accept-then-500'])
    const second = await world.processor.createBatchJob(file, { force: true })
    expect(second).toMatchObject({ inputFileId: file.id })
    expect(second?.id).not.toBe(first?.id)
  })

  it.each([
    ['before its answer was recorded', (lines: string[]) => lines.slice(0, -1)],
    ['while its answer was being recorded', (lines: string[]) => [...lines.slice(0, -1), lines.at(-1)?.slice(0, 40)]],
    ['after its answer was recorded', (lines: string[]) => lines],
  ])('go on with the job of a script that was killed %s', async (_, keep) => {
    const world = await openProcessorWorld(kind)
    const file = await uploaded(world)
    const job = await world.processor.createBatchJob(file)
    const records = join(world.folder, `${kind.name}_batch_jobs`, `${kind.name}_creates.jsonl`)
    const lines = (await readFile(records, 'utf8')).split('\n').filter((line) => line !== '')
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['creating', 'created'])
    await writeFile(records, keep(lines).join('\n'))
    const restarted = world.again()
    expect((await restarted.createBatchJob(file))?.id).toBe(job?.id)
    expect((await restarted.createBatchJob(file))?.id).toBe(job?.id)
    expect(await jobsOf(restarted)).toHaveLength(1)
  })

  it('create one job where two calls are made for a file at once', async () => {
    const world = await openProcessorWorld(kind)
    const file = await uploaded(world)
    const jobs = await Promise.all([world.processor.createBatchJob(file), world.processor.createBatchJob(file)])
    expect(await jobsOf(world.processor)).toHaveLength(1)
    expect(jobs.map((job) => job?.inputFileId ?? file.id)).toEqual([file.id, file.id])
  })

  it('know that too many requests made no job, once the list shows none', async () => {
    const world = await openProcessorWorld(kind)
    const file = await uploaded(world)
    world.server.setFaults(['create:1=429'])
    expect(await world.processor.createBatchJob(file)).toBeNull()
    expect(world.processor.lastError).toMatchObject({ outcome: 'failed', failure: { status: 429 } })
    expect(await world.processor.createBatchJob(file)).toMatchObject({ inputFileId: file.id })
  })

  it('wait for a file that the create does not see yet', async () => {
    const world = await openProcessorWorld(kind)
    const file = await uploaded(world)
    world.server.setFaults(['create:1-2=file-not-found'])
    expect(await world.processor.createBatchJob(file)).toMatchObject({ inputFileId: file.id })
  })

  it('report a refused create, return null, and throw where that was asked for', async () => {
    const world = await openProcessorWorld(kind)
    const file = await uploaded(world)
    world.server.setFaults(['create=403'])
    expect(await world.processor.createBatchJob(file)).toBeNull()
    expect(world.processor.lastError).toMatchObject({ outcome: 'refused', failure: { kind: 'forbidden', status: 403 } })
    expect(world.told.at(-1)).toContain(world.processor.lastError?.message)
    await expect(world.again({ throwOnError: true }).createBatchJob(file)).rejects.toMatchObject({
      name: 'ProcessorError',
      outcome: 'refused',
    })
  })

  it('refuse a window that the provider does not offer, before anything is sent', async () => {
    const world = await openProcessorWorld(kind)
    const file = await uploaded(world)
    for (const window of [{ completionWindow: '200h' }, { timeoutHours: 0 }, { completionWindow: 'soon' }]) {
      expect(await world.processor.createBatchJob(file, window)).toBeNull()
      expect(world.processor.lastError).toMatchObject({ outcome: 'refused', code: 'usage' })
    }
    expect(await jobsOf(world.processor)).toEqual([])
    expect(await world.processor.createBatchJob(file, { completionWindow: '24h' })).not.toBeNull()
  })
})
