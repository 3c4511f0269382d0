// The official SDK is an outside oracle: it was written against the real API, and it must find the same one here.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Mistral } from '@mistralai/mistralai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalServer, startLocalServer } from '../../src/testing.ts'

const MODEL = 'mistral-small-latest'

let folder: string
let server: LocalServer
let client: Mistral

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-server-'))
  server = await startLocalServer({ folder })
  client = new Mistral({ apiKey: 'test', serverURL: server.mistralUrl.replace(/\/v1$/, '') })
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

type Job = Awaited<ReturnType<typeof client.batch.jobs.get>>
type StoredFile = Awaited<ReturnType<typeof client.files.upload>>

function line(id: string, prompt: string): string {
  return JSON.stringify({ custom_id: id, body: { messages: [{ role: 'user', content: prompt }] } })
}

async function upload(...lines: readonly string[]): Promise<StoredFile> {
  const content = new Blob([lines.join('\n')])
  return await client.files.upload({ purpose: 'batch', file: new File([content], 'rows.jsonl') })
}

async function create(fileId: string, metadata: Record<string, string> = {}): Promise<Job> {
  return await client.batch.jobs.create({
    endpoint: '/v1/chat/completions',
    model: MODEL,
    inputFiles: [fileId],
    metadata,
  })
}

async function ended(jobId: string): Promise<Job> {
  await server.drain()
  return await client.batch.jobs.get({ jobId })
}

async function linesOf(fileId: string | null | undefined): Promise<unknown[]> {
  const stream = await client.files.download({ fileId: fileId ?? '' })
  const text = await new Response(stream).text()
  return text
    .trimEnd()
    .split('\n')
    .map((one): unknown => JSON.parse(one))
}

describe('the official Mistral SDK against the local server', () => {
  it('uploads, creates, polls and downloads', async () => {
    const file = await upload(line('one', 'Say hello'), line('two', 'y [[simulate: status=422]]'))
    expect(file).toMatchObject({
      object: 'file',
      purpose: 'batch',
      sampleType: 'batch_request',
      numLines: 2,
      source: 'upload',
    })
    const created = await create(file.id, { marker: 'abc' })
    expect(created).toMatchObject({
      object: 'batch',
      status: 'QUEUED',
      metadata: { marker: 'abc' },
      inputFiles: [file.id],
    })

    const job = await ended(created.id)
    expect(job).toMatchObject({
      status: 'SUCCESS',
      totalRequests: 2,
      succeededRequests: 1,
      failedRequests: 1,
      errors: [],
    })
    expect(await linesOf(job.outputFile)).toMatchObject([
      {
        id: expect.stringMatching(/^batch-[0-9a-f]{8}-1-[0-9a-f-]{36}$/),
        custom_id: 'one',
        error: null,
        response: { status_code: 200, body: { model: MODEL, choices: [{ finish_reason: 'stop' }] } },
      },
    ])
    expect(await linesOf(job.errorFile)).toMatchObject([{ custom_id: 'two', response: { status_code: 422 } }])
  })

  it('lists jobs through all pages, in order and since an instant', async () => {
    const file = await upload(line('one', 'x'))
    const ids: string[] = []
    for (let count = 0; count < 5; count += 1) ids.push((await create(file.id)).id)
    await server.drain()
    const listed: string[] = []
    for (let page = 0; ; page += 1) {
      const { data } = await client.batch.jobs.list({ page, pageSize: 2, orderBy: 'created' })
      if (!data?.length) break
      listed.push(...data.map((job) => job.id))
    }
    expect(listed.slice(-5)).toEqual(ids)
    expect(new Set(listed).size).toBe(listed.length)
    const future = await client.batch.jobs.list({ createdAfter: new Date(Date.now() + 60_000) })
    expect(future).toMatchObject({ object: 'list', total: 0 })
    const failed = await client.batch.jobs.list({ status: ['FAILED', 'CANCELLED'] })
    expect(failed.total).toBe(0)
  })

  it('lists, retrieves and deletes files', async () => {
    const file = await upload(line('one', 'x'))
    const listed = await client.files.list({ sampleType: ['batch_request'], pageSize: 100 })
    expect(listed.data.map((one) => one.id)).toContain(file.id)
    expect(await client.files.retrieve({ fileId: file.id })).toMatchObject({ deleted: false, filename: 'rows.jsonl' })
    expect(await client.files.delete({ fileId: file.id })).toEqual({ id: file.id, object: 'file', deleted: true })
    await expect(client.files.retrieve({ fileId: file.id })).rejects.toMatchObject({ statusCode: 404 })
    await expect(create(file.id)).rejects.toMatchObject({ statusCode: 404 })
  })

  it('cancels a job and gives the part that was finished, then deletes it', async () => {
    server.setFaults(['run=stuck(0.5)'])
    const file = await upload(...Array.from({ length: 4 }, (_, place) => line(`row-${place}`, `prompt ${place}`)))
    const { id: jobId } = await create(file.id)
    await expect.poll(async () => (await client.batch.jobs.get({ jobId })).completedRequests, { interval: 10 }).toBe(2)
    expect((await client.batch.jobs.cancel({ jobId })).status).toBe('CANCELLATION_REQUESTED')
    const job = await ended(jobId)
    server.setFaults([])
    expect(job.status).toBe('CANCELLED')
    expect(await linesOf(job.outputFile)).toHaveLength(2)
    expect(await client.batch.jobs.delete({ jobId })).toMatchObject({ id: jobId, deleted: true })
    await expect(client.batch.jobs.get({ jobId })).rejects.toMatchObject({ statusCode: 404 })
  })

  it('answers inline requests inline', async () => {
    const body = { messages: [{ role: 'user', content: 'x' }] }
    const requests = [{ customId: 'one', body }]
    const created = await client.batch.jobs.create({ endpoint: '/v1/chat/completions', model: MODEL, requests })
    await server.drain()
    const job = await client.batch.jobs.get({ jobId: created.id, inline: true })
    expect(job).toMatchObject({ status: 'SUCCESS', inputFiles: [], outputFile: null })
    expect(job.outputs).toMatchObject([{ custom_id: 'one', response: { status_code: 200 } }])
  })

  it('does what the example async_batch_jobs of the SDK does: two models, and results that were not asked for inline', async () => {
    const requests = Array.from({ length: 5 }, (_, place) => ({
      customId: String(place),
      body: { model: 'mistral-medium-latest', messages: [{ role: 'user', content: `What's i + ${place}` }] },
    }))
    const created = await client.batch.jobs.create({
      requests,
      model: 'mistral-small-latest',
      endpoint: '/v1/chat/completions',
      metadata: { job_type: 'testing' },
    })
    const job = await ended(created.id)
    expect(job).toMatchObject({ status: 'SUCCESS', succeededRequests: 5, failedRequests: 0 })
    expect(job.outputs).toHaveLength(5)
    expect(job.outputs?.[0]).toMatchObject({ response: { body: { model: 'mistral-small-latest' } } })
  })

  it('reads a PDF: uploaded for that, behind a signed URL that needs no key, answered page by page', async () => {
    const content = new Blob(['%PDF-1.4\n'])
    const file = await client.files.upload({ purpose: 'ocr', file: { fileName: 'paper.pdf', content } })
    expect(file).toMatchObject({ purpose: 'ocr', mimetype: 'application/pdf', numLines: null, sizeBytes: 9 })
    const { url } = await client.files.getSignedUrl({ fileId: file.id, expiry: 1 })
    const answer = await fetch(url)
    expect(await answer.text()).toBe('%PDF-1.4\n')
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="paper.pdf"')
    expect((await fetch(url.replace(/signature=../, 'signature=00'))).status).toBe(403)
    expect((await fetch(url.replace(/expires=\d+/, 'expires=99999999999999'))).status).toBe(403)
    const document = { type: 'document_url' as const, documentUrl: url }
    const read = await client.ocr.process({ model: 'mistral-ocr-latest', document, pages: [3, 4] })
    expect(read.pages.map(({ index }) => index)).toEqual([3, 4])
    expect(read.pages[0]?.markdown).toMatch(/^\[simulated\] /)
    expect(read.usageInfo.pagesProcessed).toBe(2)
    await client.files.delete({ fileId: file.id })
    expect((await fetch(url)).status).toBe(404)
  })

  it('narrows listings as it was asked, and counts all only where it should', async () => {
    const content = new Blob(['%PDF-1.4\n'])
    const { id } = await client.files.upload({ purpose: 'ocr', file: { fileName: 'one.pdf', content } })
    await upload(line('one', 'x'))
    const only = await client.files.list({ mimetypes: ['application/pdf'], includeTotal: false })
    expect(only).toMatchObject({ data: [{ id }], total: null })
    expect((await client.files.list({ purpose: 'ocr' })).total).toBe(1)
    await client.files.delete({ fileId: id })
    const jobs = { createdByMe: true, page: 0, pageSize: 1 }
    expect((await client.batch.jobs.list(jobs)).data).toHaveLength(1)
    expect(await client.batch.jobs.list({ ...jobs, agentId: 'ag-1' })).toMatchObject({ data: [], total: 0 })
  })

  it('streams, calls a tool, and lists models', async () => {
    const messages = [{ role: 'user' as const, content: 'Say hello' }]
    let text = ''
    for await (const { data } of await client.chat.stream({ model: MODEL, messages })) {
      const { content } = data.choices[0]?.delta ?? {}
      if (typeof content === 'string') text += content
    }
    const whole = await client.chat.complete({ model: MODEL, messages })
    expect(text).toBe(whole.choices[0]?.message?.content)
    const tool = { type: 'function' as const, function: { name: 'set_label', parameters: {} } }
    const called = await client.chat.complete({ model: MODEL, messages, tools: [tool], toolChoice: 'any' })
    expect(called.choices[0]?.message?.toolCalls).toMatchObject([{ function: { name: 'set_label' } }])
    expect((await client.models.list()).data).toContainEqual(expect.objectContaining({ id: MODEL }))
    await expect(client.models.retrieve({ modelId: 'no-such-model' })).rejects.toMatchObject({ statusCode: 404 })
  })

  it.each([
    ['without any input', { inputFiles: [] }],
    ['that may take more than a week', { inputFiles: ['x'], timeoutHours: 200 }],
    ['with a long value in its metadata', { inputFiles: ['x'], metadata: { marker: 'x'.repeat(513) } }],
  ])('refuses a job %s with status 422', async (_, parts) => {
    const call = client.batch.jobs.create({ endpoint: '/v1/chat/completions', model: MODEL, ...parts })
    await expect(call).rejects.toMatchObject({ statusCode: 422 })
  })

  it('answers the synchronous endpoints', async () => {
    const chat = await client.chat.complete({ model: MODEL, messages: [{ role: 'user', content: 'Say hello' }] })
    expect(chat.choices[0]?.message?.content).toMatch(/^\[simulated\] /)
    const vectors = await client.embeddings.create({ model: 'mistral-embed', inputs: ['a', 'b'] })
    expect(vectors.data).toHaveLength(2)
  })

  it('judges, classifies and fills gaps in the SDK’s own shapes', async () => {
    const verdicts = await client.classifiers.moderate({
      model: 'mistral-moderation-latest',
      inputs: ['hats', 'violence'],
    })
    expect(verdicts.results.map(({ categories }) => categories?.['violence_and_threats'])).toEqual([false, true])
    expect(verdicts.results[1]?.categoryScores?.['violence_and_threats']).toBeGreaterThan(0.5)
    const messages = [{ role: 'user' as const, content: 'violence' }]
    const chat = await client.classifiers.moderateChat({ model: 'mistral-moderation-latest', inputs: messages })
    expect(chat.results).toMatchObject([{ categories: { violence_and_threats: true } }])
    const classes = await client.classifiers.classify({ model: 'ft:classifier:1', inputs: ['hats', 'shoes'] })
    expect(classes.results.map((result) => Object.keys(result['simulated']?.scores ?? {}).length)).toEqual([3, 3])
    const inputs = [{ messages }, { messages }]
    const talks = await client.classifiers.classifyChat({ model: 'ft:classifier:1', input: inputs })
    expect(talks.results).toHaveLength(2)
    const filled = await client.fim.complete({ model: 'codestral-latest', prompt: 'def f():', suffix: 'return x' })
    expect(filled.choices[0]?.message?.content).toMatch(/^\[simulated\] /)
    await expect(client.embeddings.create({ model: 'mistral-embed', inputs: [''] })).rejects.toMatchObject({
      statusCode: 400,
    })
  })
})
