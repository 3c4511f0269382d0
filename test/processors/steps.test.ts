// What the steps of the processors send, and how they go on when something fails.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MistralAIBatchProcessor, OpenAIBatchProcessor } from '../../src/index.ts'
import { loadPackage } from '../../src/processors/official-client.ts'
import { temporaryFolder } from '../support/local-server.ts'
import {
  created,
  jobsOf,
  jsonLines,
  openProcessorWorld,
  PROCESSORS,
  prompts,
  QUICK,
} from '../support/processor-world.ts'

describe.each(PROCESSORS)('the steps at $name', (kind) => {
  it('send what was asked and nothing else, and lead to saved answers', async () => {
    const world = await openProcessorWorld(kind, { temperature: 0.5, maxCompletionTokens: 300 })
    const { processor } = world
    const tasks = processor.createTask(['a'], ['Say hello'])
    const [limitField, place] = kind.name === 'openai' ? ['max_completion_tokens', {}] : ['max_tokens', null]
    const body = { messages: [{ role: 'user', content: 'Say hello' }], [limitField]: 300, temperature: 0.5 }
    expect(tasks).toEqual([
      place === null
        ? { custom_id: 'a', body }
        : { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: { model: kind.modelName, ...body } },
    ])
    expect(await jsonLines(await processor.writeTaskFile(tasks))).toEqual(tasks)
    const path = await processor.writeBatchFile(tasks, 7)
    expect(path).toBe(join(world.folder, `${kind.name}_batch_jobs`, `${kind.name}_batch_job7.jsonl`))
    const file = await processor.uploadBatchFile(7)
    expect(file).toMatchObject({ name: `${kind.name}_batch_job7.jsonl`, bytes: (await readFile(path)).length })
    const job = await processor.createBatchJob(file?.id ?? '', { metadata: { project: 'x' } })
    expect(job).toMatchObject({ inputFileId: file?.id, metadata: { project: 'x' } })
    expect(await processor.checkBatchJobStatus(job?.id ?? '', QUICK)).toBe('completed')
    const [listed] = await jobsOf(processor)
    expect(listed).toMatchObject({ id: job?.id, status: 'completed', createdAt: expect.any(Date), errorFileId: null })
    const output = await processor.saveBatchOutput(listed?.outputFileId ?? '')
    expect(output).toBe(
      join(world.folder, `${kind.name}_batch_outputs`, `${kind.name}_batch_output_${listed?.outputFileId ?? ''}.jsonl`),
    )
    expect(await jsonLines(output)).toMatchObject([{ custom_id: 'a', response: { status_code: 200 } }])
    expect(processor.lastError).toBeNull()
  })

  it.each([
    ['breaks off twice', ['upload:1-2=reset'], true],
    ['stores fewer bytes than were sent, once', ['upload:1=wrong-size'], true],
    ['is too many at first', ['upload:1=429'], true],
    ['fails for good', ['upload=500'], false],
    ['is refused', ['upload=403'], false],
  ])('bring a file up where the upload %s', async (_, faults, isStored) => {
    const world = await openProcessorWorld(kind)
    const { processor } = world
    await processor.writeBatchFile(processor.createTask(['a'], ['x']), 1)
    world.server.setFaults(faults)
    const file = await processor.uploadBatchFile(1)
    expect(file !== null).toBe(isStored)
    expect(processor.lastError === null).toBe(isStored)
    // What failed is not skipped for good: the batch file is there, and the same step may be taken again.
    world.server.setFaults([])
    expect(await processor.uploadBatchFile(1)).toMatchObject({ id: expect.any(String) })
  })

  it('say which file is missing where a batch was never written', async () => {
    const { processor } = await openProcessorWorld(kind)
    expect(await processor.uploadBatchFile(9)).toBeNull()
    expect(processor.lastError?.message).toContain(`${kind.name}_batch_job9.jsonl`)
  })

  it('run everything in one call, two batches at a time', async () => {
    const world = await openProcessorWorld(kind)
    const { ids, messages } = prompts(25)
    const tasks = world.processor.createTask(ids, messages)
    const summary = await world.processor.runBatches(tasks, { ...QUICK, batchSize: 10, parallel: 2 })
    expect(world.told[0]).toBe(
      `25 requests to ${kind.name}/${kind.modelName} in 3 files of up to 10 requests, up to 2 at the same time`,
    )
    expect(summary.requests).toBe(25)
    expect(summary.batches.map(({ requests }) => requests)).toEqual([10, 10, 5])
    expect(summary.batches).toMatchObject(
      Array.from({ length: 3 }, () => ({ status: 'completed', error: null, outputFileId: expect.any(String) })),
    )
    expect(world.told.slice(-3).every((line) => line.includes('completed'))).toBe(true)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 25 })
  })

  it('go on after a batch that fails, and tell in the summary how far each came', async () => {
    const world = await openProcessorWorld(kind)
    const { ids, messages } = prompts(4)
    const tasks = world.processor.createTask(ids, messages)
    world.server.setFaults(['upload:1-5=500', 'create:1=400', 'run:1=refuse(invalid_json_line@1)'])
    const summary = await world.processor.runBatches(tasks, { ...QUICK, batchSize: 1 })
    expect(summary.batches.map(({ status }) => status)).toEqual(['not_uploaded', 'not_created', 'failed', 'completed'])
    expect(summary.batches[2]?.reasons).not.toEqual([])
    expect(world.processor.lastError).toBe(summary.batches[1]?.error)
    // What was never sent can still be sent, from the same file.
    const file = await world.processor.uploadBatchFile(summary.batches[0]?.batchId ?? '')
    expect(await world.processor.createBatchJob(file ?? '')).toMatchObject({ inputFileId: file?.id })
  })

  it('stop where the key is refused', async () => {
    const world = await openProcessorWorld(kind)
    const tasks = world.processor.createTask(['a', 'b', 'c'], ['x', 'y', 'z'])
    world.server.setFaults(['upload=401'])
    const summary = await world.processor.runBatches(tasks, { ...QUICK, batchSize: 1 })
    expect(summary.batches.map(({ status }) => status)).toEqual(['not_uploaded', 'not_begun', 'not_begun'])
  })
})

describe('the official client', () => {
  it('lists the batches of OpenAI with the key and base URL of the processor, and repeats no create', async () => {
    const world = await openProcessorWorld(PROCESSORS[0])
    const processor = world.processor as OpenAIBatchProcessor
    const job = await created(world)
    const ids: string[] = []
    for await (const batch of processor.client.batches.list()) ids.push(batch.id)
    expect(ids).toEqual([job.id])
    expect(processor.client).toBe(processor.client)
    world.server.setFaults(['create=500'])
    const create = { input_file_id: job.inputFileId ?? '', endpoint: '/v1/chat/completions', completion_window: '24h' }
    await expect(processor.client.batches.create(create as never)).rejects.toMatchObject({ status: 500 })
    expect(world.server.firedFaults()).toHaveLength(1)
  })

  it('lists the jobs of Mistral with the key and base URL of the processor, and repeats no create', async () => {
    const world = await openProcessorWorld(PROCESSORS[1])
    const processor = world.processor as MistralAIBatchProcessor
    const job = await created(world)
    const page = await processor.client.batch.jobs.list({ pageSize: 10 })
    expect(page.data?.map(({ id }) => id)).toEqual([job.id])
    world.server.setFaults(['create=500'])
    const create = { endpoint: '/v1/chat/completions', model: 'x', inputFiles: [job.inputFileId ?? ''] }
    await expect(processor.client.batch.jobs.create(create as never)).rejects.toMatchObject({ statusCode: 500 })
    expect(world.server.firedFaults()).toHaveLength(1)
  })

  it('says what to install where its package is missing', async () => {
    const folder = await temporaryFolder()
    expect(() => loadPackage('openai', join(folder, 'script.js'))).toThrow(
      expect.objectContaining({ code: 'configuration', next: 'Run: npm install openai' }),
    )
  })
})

describe('the constructor', () => {
  it.each([
    ['OPENAI_API_KEY', () => new OpenAIBatchProcessor({ modelName: 'x', environment: {} })],
    ['MISTRAL_API_KEY', () => new MistralAIBatchProcessor({ modelName: 'x', environment: { OPENAI_API_KEY: 'k' } })],
  ])('says that %s must be set', (variable, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'configuration', next: expect.stringContaining(variable) }))
  })

  it.each([
    ['no model', { modelName: ' ' }],
    ['a prefix that leads to another folder', { modelName: 'x', filenamePrefix: '../x' }],
    ['a body field that is not for choosing', { modelName: 'x', body: { stream: true } }],
    ['a wait that is none', { modelName: 'x', waits: { http: 'long' } }],
    ['an option that does not exist', { modelName: 'x', max_completion_tokens: 300 }],
  ])('refuses %s', (_, options) => {
    expect(() => new OpenAIBatchProcessor({ ...options, environment: { OPENAI_API_KEY: 'sk-test' } })).toThrow(
      expect.objectContaining({ name: expect.stringMatching(/^(LlmBatchError|ProcessorError)$/) }),
    )
  })
})
