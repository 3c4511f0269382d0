// The flaws of the Python scripts whose workflow the processors follow, each as a row that would catch it here.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { BatchTask } from '../../src/index.ts'
import {
  created,
  jobsOf,
  jsonLines,
  openProcessorWorld,
  PROCESSORS,
  type ProcessorKind,
  prompts,
  QUICK,
  uploaded,
} from '../support/processor-world.ts'

/** What a script did wrong, and the check that it is not so here. */
interface Flaw {
  readonly flaw: string
  readonly check: (kind: ProcessorKind) => Promise<void>
}

async function tasksOf(
  kind: ProcessorKind,
  options: object,
  ...messages: readonly unknown[]
): Promise<readonly BatchTask[]> {
  const { processor } = await openProcessorWorld(kind, options)
  return processor.createTask(
    messages.map((_, index) => `id-${index}`),
    messages as string[],
  )
}

/** The result of waiting for a job that meets this fault. */
async function endOf(kind: ProcessorKind, fault: string): Promise<string> {
  const world = await openProcessorWorld(kind, { server: { faults: [fault] } })
  const job = await created(world, 4)
  return await world.processor.checkBatchJobStatus(job.id, QUICK)
}

const FLAWS: readonly Flaw[] = [
  {
    flaw: 'polling that never ends: every terminal status ends it',
    check: async (kind) => {
      expect(await endOf(kind, 'get=slow(1)')).toBe('completed')
      expect(await endOf(kind, 'run=refuse(invalid_json_line@1)')).toBe('failed')
      expect(await endOf(kind, 'run=expire(0.5)')).toBe('expired')
    },
  },
  {
    flaw: 'polling that never ends: a refused key and a job that does not exist end it',
    check: async (kind) => {
      const world = await openProcessorWorld(kind)
      const waiting = world.processor.checkBatchJobStatus('batch-nobody-made', QUICK)
      await expect(waiting).rejects.toMatchObject({ code: 'not_found' })
      world.server.setFaults(['get=401'])
      await expect(world.processor.checkBatchJobStatus('x', QUICK)).rejects.toMatchObject({ outcome: 'refused' })
    },
  },
  {
    flaw: 'messages nested twice: a list of messages is sent as it is, a text and one message as a list of one',
    check: async (kind) => {
      const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
      const list = [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] },
        { role: 'assistant', content: 'A picture.' },
        { role: 'user', content: 'Of what?' },
      ]
      const tasks = await tasksOf(kind, {}, 'hello', { role: 'user', content: 'hello' }, list)
      const hello = [{ role: 'user', content: 'hello' }]
      expect(tasks.map(({ body }) => body['messages'])).toEqual([hello, hello, list])
      await expect(tasksOf(kind, {}, 'fine', [[{ role: 'user', content: 'nested' }]])).rejects.toThrow(/position 2/)
    },
  },
  {
    flaw: 'json_object forced on everyone: nothing is in the body but what was asked for',
    check: async (kind) => {
      const [plain] = await tasksOf(kind, {}, 'hello')
      const always = kind.name === 'openai' ? ['model', 'messages'] : ['messages']
      expect(Object.keys(plain?.body ?? {})).toEqual(always)
      const responseFormat = { type: 'json_object' }
      const [asked] = await tasksOf(kind, { responseFormat, body: { top_p: 0.9 } }, 'hello')
      expect(asked?.body).toMatchObject({ response_format: responseFormat, top_p: 0.9 })
    },
  },
  {
    flaw: 'temperature never sent: it is, 0 too, and is left out where it was not given',
    check: async (kind) => {
      const [zero] = await tasksOf(kind, { temperature: 0 }, 'hello')
      expect(zero?.body['temperature']).toBe(0)
      const [none] = await tasksOf(kind, {}, 'hello')
      expect(none?.body).not.toHaveProperty('temperature')
    },
  },
  {
    flaw: 'the tail of the longer list dropped: lists of different length are refused, as are ids used twice and empty ids',
    check: async (kind) => {
      const { processor } = await openProcessorWorld(kind)
      expect(() => processor.createTask(['a', 'b', 'c'], ['x', 'y'])).toThrow(/3 ids and 2 conversations; position 3/)
      expect(() => processor.createTask(['a'], ['x', 'y'])).toThrow(/position 2 has messages and no id/)
      expect(() => processor.createTask(['a', 'b', 'a'], ['x', 'y', 'z'])).toThrow(
        /"a" is used twice, at positions 1 and 3/,
      )
      expect(() => processor.createTask(['a', ' '], ['x', 'y'])).toThrow(/id at position 2 is empty/)
    },
  },
  {
    flaw: 'splitting only in the caller’s loop: the whole loop is one call, and no empty slice is sent',
    check: async (kind) => {
      const world = await openProcessorWorld(kind)
      const { ids, messages } = prompts(6)
      const tasks = world.processor.createTask(ids, messages)
      const { batches } = await world.processor.runBatches(tasks, { ...QUICK, batchSize: 3 })
      expect(batches.map(({ requests }) => requests)).toEqual([3, 3])
      expect((await world.processor.runBatches([], QUICK)).batches).toEqual([])
      await expect(world.processor.writeBatchFile([], 1)).rejects.toThrow(/no tasks/)
      expect(await jobsOf(world.processor)).toHaveLength(2)
    },
  },
  {
    flaw: 'parts that overwrite each other: runs at the same time name their files apart, and no file takes other tasks',
    check: async (kind) => {
      const world = await openProcessorWorld(kind)
      const one = world.processor.createTask(['a', 'b'], ['x', 'y'])
      const other = world.again().createTask(['c', 'd'], ['x', 'y'])
      await Promise.all([
        world.processor.runBatches(one, { ...QUICK, batchSize: 1 }),
        world.again().runBatches(other, { ...QUICK, batchSize: 1 }),
      ])
      const folder = join(world.folder, `${kind.name}_batch_jobs`)
      const files = (await readdir(folder)).filter((name) => name.includes('batch_job'))
      const lines = await Promise.all(files.map((name) => jsonLines(join(folder, name))))
      const written = lines.flat().map((line) => String(line['custom_id']))
      expect(written.toSorted((left, right) => left.localeCompare(right))).toEqual(['a', 'b', 'c', 'd'])

      const path = await world.processor.writeBatchFile(one, 1)
      await world.processor.writeBatchFile(one, 1)
      await expect(world.processor.writeBatchFile(other, 1)).rejects.toThrow(/holds other tasks/)
      expect(await jsonLines(path)).toEqual(one)
    },
  },
  {
    flaw: 'a failed upload skips that part for good: it is tried again, and its file stays for later',
    check: async (kind) => {
      const world = await openProcessorWorld(kind, { server: { faults: ['upload:1-2=503'] } })
      await world.processor.runBatches(world.processor.createTask(['a'], ['x']), QUICK)
      expect(await world.server.ledger()).toMatchObject({ rowsBilled: 1 })
    },
  },
  {
    flaw: 'no state: a script that is started again does not create the same job again',
    check: async (kind) => {
      const world = await openProcessorWorld(kind)
      const file = await uploaded(world)
      const job = await world.processor.createBatchJob(file)
      expect((await world.again().createBatchJob(file))?.id).toBe(job?.id)
      expect(await jobsOf(world.processor)).toHaveLength(1)
    },
  },
  {
    flaw: 'error files never read: they are saved beside the outputs',
    check: async (kind) => {
      const world = await openProcessorWorld(kind)
      const { processor } = world
      const tasks = processor.createTask(['good', 'bad'], ['x', 'y [[simulate: status=500]]'])
      await processor.runBatches(tasks, QUICK)
      const { saved } = await processor.saveAllOutputs()
      expect(saved.map((file) => file.kind)).toEqual(['output', 'error'])
      expect(await jsonLines(saved[0]?.path ?? '')).toMatchObject([{ custom_id: 'good' }])
      expect(await jsonLines(saved[1]?.path ?? '')).toMatchObject([{ custom_id: 'bad' }])
    },
  },
  {
    flaw: 'results of expired and cancelled batches never read: what they finished is saved, the rest is said',
    check: async (kind) => {
      const world = await openProcessorWorld(kind, { server: { faults: ['run:1=expire(0.5)', 'run:2=stuck(0.5)'] } })
      const { processor, server } = world
      const { ids, messages } = prompts(8)
      const tasks = processor.createTask(ids, messages)
      const { batches } = await processor.runBatches(tasks.slice(0, 4), QUICK)
      expect(batches).toMatchObject([{ status: 'expired' }])
      await processor.writeBatchFile(tasks.slice(4), 'second')
      const job = await processor.createBatchJob((await processor.uploadBatchFile('second')) ?? '')
      const open = await processor.saveAllOutputs()
      expect(open.skipped).toEqual([{ jobId: job?.id, reason: expect.stringContaining('has not ended') }])
      await cancelAtHalf(kind, server, job?.id ?? '')
      expect(await processor.checkBatchJobStatus(job?.id ?? '', QUICK)).toBe('cancelled')
      const { saved } = await processor.saveAllOutputs({ stopAt: batches[0]?.jobId ?? '' })
      expect(saved.map((file) => file.jobId)).toContain(job?.id)
      const folder = join(world.folder, `${kind.name}_batch_outputs`)
      const outputs = (await readdir(folder)).filter((name) => name.includes('_output_'))
      const lines = await Promise.all(outputs.map((name) => jsonLines(join(folder, name))))
      expect(lines.flat()).toHaveLength(4)
      expect(lines.flat().every((line) => line['response'] !== null)).toBe(true)
    },
  },
]

/** Cancels a job over plain HTTP when half of its rows are done. */
async function cancelAtHalf(kind: ProcessorKind, server: { openaiUrl: string; mistralUrl: string }, id: string) {
  const root = kind.name === 'openai' ? `${server.openaiUrl}/batches/${id}` : `${server.mistralUrl}/batch/jobs/${id}`
  const headers = { authorization: 'Bearer test' }
  const done = async (): Promise<unknown> => {
    const job = (await (await fetch(root, { headers })).json()) as {
      readonly completed_requests?: number
      readonly request_counts?: { readonly completed: number }
    }
    return job.completed_requests ?? job.request_counts?.completed
  }
  await expect.poll(done, { interval: 10 }).toBe(2)
  await fetch(`${root}/cancel`, { method: 'POST', headers })
}

describe.each(PROCESSORS)('at $name, unlike the Python scripts', (kind) => {
  it.each(FLAWS)('$flaw', async ({ check }) => {
    await check(kind)
    expect.hasAssertions()
  })
})

describe('the task file', () => {
  it('is the whole of the latest tasks', async () => {
    const { processor } = await openProcessorWorld(PROCESSORS[0])
    await processor.writeTaskFile(processor.createTask(['a', 'b'], ['x', 'y']))
    const path = await processor.writeTaskFile(processor.createTask(['c'], ['z\u2028ü']))
    expect(await jsonLines(path)).toMatchObject([{ custom_id: 'c' }])
    expect(await readFile(path, 'utf8')).toContain('ü')
  })
})
