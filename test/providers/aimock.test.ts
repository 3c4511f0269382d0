import { LLMock } from '@copilotkit/aimock'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { isTerminal } from '../../src/model/attempt.ts'
import { type Provider, ProviderError, type RemoteBatch } from '../../src/providers/provider.ts'
import { adapterFor } from '../support/adapter.ts'

/**
 * Our adapter as a client of an emulator of OpenAI's batch API that others wrote. What the emulator is lax about is
 * listed in docs/providers/openai.md.
 */
describe('against an emulator that others wrote, the adapter', () => {
  const emulator = new LLMock({ port: 0 })
  const target = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }
  const never = (): AbortSignal => new AbortController().signal
  let provider: Provider

  beforeAll(async () => {
    await emulator.start()
    provider = adapterFor('openai', new URL(emulator.url).origin)
  })
  beforeEach(() => emulator.reset())
  afterAll(() => emulator.stop())

  async function upload(rows: number): Promise<{ id: string; bytes: number }> {
    const lines = Array.from({ length: rows }, (_, row) => {
      const body = JSON.stringify({ model: target.model, messages: [{ role: 'user', content: `é\u2028 ${row}` }] })
      return `${provider.encode({ wireId: wireId(row), target, body })}\n`
    })
    const content = Buffer.from(lines.join(''))
    const input = { name: 'llm-batch-test.jsonl', bytes: content.length, open: () => one(content) }
    const file = await provider.store?.(input, never())
    return { id: file?.id ?? '', bytes: content.length }
  }

  async function create(inputFileId: string, nonce: string): Promise<RemoteBatch> {
    return await provider.create(
      { target, metadata: { llm_batch_nonce: nonce }, windowHours: null },
      { id: inputFileId },
      never(),
    )
  }

  async function finish(id: string): Promise<RemoteBatch> {
    for (let looks = 0; looks < 10; looks += 1) {
      const batch = await provider.get(id, never())
      if (isTerminal(batch.status)) return batch
    }
    throw new Error(`batch ${id} does not end`)
  }

  it('goes the whole road: upload, create, look, download, decode', async () => {
    const file = await upload(100)
    expect(await provider.file?.(file.id, never())).toMatchObject({ bytes: file.bytes, name: 'llm-batch-test.jsonl' })
    const created = await create(file.id, 'nonce-1')
    expect(created).toMatchObject({ status: 'queued', inputFileId: file.id, metadata: { llm_batch_nonce: 'nonce-1' } })
    const ended = await finish(created.id)
    expect(ended).toMatchObject({ status: 'completed', counts: { total: 100, completed: 100, failed: 0 } })
    const text = await readAll(provider.read(ended.results[0] ?? { id: '', role: 'output' }, never()))
    const results = text
      .trimEnd()
      .split('\n')
      .map((line) => provider.decode(line, target))
    expect(results.map((result) => result?.wireId)).toEqual(Array.from({ length: 100 }, (_, row) => wireId(row)))
    for (const result of results) {
      expect(result?.outcome).toMatchObject({ status: 'succeeded', billed: 'yes', output: 'Mock batch completion' })
    }
  })

  it('gets its file back byte for byte', async () => {
    const file = await upload(3)
    const text = await readAll(provider.read({ id: file.id, role: 'output' }, never()))
    expect(Buffer.byteLength(text)).toBe(file.bytes)
    expect(text).toContain('\u2028')
  })

  it('finds its batch among several by listing to the end', async () => {
    const file = await upload(1)
    for (let count = 0; count < 105; count += 1) await create(file.id, `nonce-${count}`)
    const listing = await provider.list(new Date(0), never())
    expect(listing.isConclusive).toBe(true)
    expect(new Set(listing.batches.map(({ metadata }) => metadata['llm_batch_nonce'])).size).toBe(105)
  })

  it('lists the files it stored', async () => {
    const file = await upload(1)
    const listing = await provider.listFiles?.(new Date(0), never())
    expect(listing).toMatchObject({ isConclusive: true, files: [{ id: file.id, bytes: file.bytes }] })
  })

  it('cancels, and then sees the batch cancelled', async () => {
    const { id } = await create((await upload(1)).id, 'nonce-1')
    await provider.cancel(id, never())
    expect(await finish(id)).toMatchObject({ status: 'cancelled', results: [] })
    await provider.cancel(id, never())
  })

  it('discards a file, which is absent from then on', async () => {
    const { id } = await upload(1)
    expect(await provider.discard?.(id, never())).toBe('gone')
    expect(await provider.file?.(id, never())).toBe('absent')
    expect(await provider.discard?.(id, never())).toBe('gone')
  })

  it('is told that a batch is absent, and that a create was refused', async () => {
    await expect(provider.get('batch_none', never())).rejects.toMatchObject({ failure: { kind: 'absent' } })
    const batch = {
      target: { ...target, endpoint: '/v1/none' },
      metadata: {},
      windowHours: null,
    }
    const refused = provider.create(batch, { id: 'file-1' }, never())
    await expect(refused).rejects.toBeInstanceOf(ProviderError)
    await expect(refused).rejects.toMatchObject({ name: 'NotCreated', failure: { kind: 'refused', status: 400 } })
  })
})

function wireId(row: number): string {
  return `baimock00${String(row).padStart(7, '0')}`
}

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString()
}
