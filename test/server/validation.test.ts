// What the local server refuses, and in which words: a batch as a whole, a call at once, and who may see what.
import { describe, expect, it } from 'vitest'
import { heldClock } from '../support/held-clock.ts'
import { requestLine as line, type RawBatch, RawClient, serverForTest } from '../support/local-server.ts'

const ONE = line('one', 'x')

describe('validation refuses the batch as a whole', () => {
  it.each([
    ['no line at all', '', 'empty_file', null],
    ['a line that is not JSON', `${ONE}\n{"custom_id":\n`, 'invalid_json_line', 2],
    ['a line that is no object', '[]\n', 'invalid_json_line', 1],
    ['a blank line', `${ONE}\n\n`, 'invalid_json_line', 2],
    ['a byte order mark', `\uFEFF${ONE}\n`, 'invalid_json_line', 1],
    ['a lone surrogate', '{"custom_id":"\\ud800"}', 'invalid_json_line', 1],
    ['an id that came before', `${ONE}\n${ONE}\n`, 'duplicate_custom_id', 2],
    ['no id', line('x', 'x', { custom_id: undefined }), 'missing_required_parameter', 1],
    ['a number as id', line('x', 'x', { custom_id: 7 }), 'invalid_type', 1],
    ['no method', line('x', 'x', { method: undefined }), 'missing_required_parameter', 1],
    ['no body', line('x', 'x', { body: undefined }), 'missing_required_parameter', 1],
    ['no model', line('x', 'x', {}, { model: undefined }), 'missing_required_parameter', 1],
    ['another endpoint', line('x', 'x', { url: '/v1/embeddings' }), 'url_mismatch', 1],
    ['a second model', `${ONE}\n${line('two', 'x', {}, { model: 'gpt-6-sol' })}`, 'model_mismatch', 2],
    ['a model that is not for batches', line('x', 'x', {}, { model: 'no-such-model' }), 'model_not_found', 1],
    ['too many lines', ['1', '2', '3', '4'].map((id) => line(id, 'x')).join('\n'), 'too_many_tasks', null],
  ])('for %s', async (_, text, code, lineNumber) => {
    const server = await serverForTest({ maxRequests: 3 })
    const client = new RawClient(server.openaiUrl)
    const created = await client.create(await client.upload(text))
    expect(created.status).toBe('validating')
    await server.drain()
    const batch = await client.batch(created.id)
    expect(batch).toMatchObject({ status: 'failed', output_file_id: null, error_file_id: null })
    expect(batch.errors).toMatchObject({ object: 'list', data: [{ code, line: lineNumber }] })
    expect(await server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 0 })
  })

  it('for bytes that are not UTF-8', async () => {
    const server = await serverForTest()
    const client = new RawClient(server.openaiUrl)
    const created = await client.create(await client.upload(Buffer.from(line('one', 'é'), 'latin1')))
    await server.drain()
    expect(await client.batch(created.id)).toMatchObject({
      errors: { data: [{ code: 'invalid_json_line', line: 1 }] },
    })
  })

  it('when the queue has no room for its tokens, until other batches have ended', async () => {
    const server = await serverForTest({ queueTokens: 30, faults: ['run:1=stuck(0)'] })
    const client = new RawClient(server.openaiUrl)
    const file = await client.upload(line('one', 'x'.repeat(80)))
    const first = await client.create(file)
    const statusOf = async (batch: RawBatch): Promise<unknown> => (await client.batch(batch.id)).status
    await expect.poll(() => statusOf(first), { interval: 5 }).toBe('in_progress')
    const second = await client.create(file)
    await expect.poll(() => statusOf(second), { interval: 5 }).toBe('failed')
    expect(await client.batch(second.id)).toMatchObject({
      errors: { data: [{ code: 'token_limit_exceeded', line: null }] },
    })
    await client.send('POST', `/batches/${first.id}/cancel`)
    await server.drain()
    const third = await client.create(file)
    await server.drain()
    expect(await statusOf(third)).toBe('completed')
  })

  it('when its input file is deleted before it was read', async () => {
    const { clock, release } = heldClock()
    const server = await serverForTest({ clock })
    const client = new RawClient(server.openaiUrl)
    const file = await client.upload(ONE)
    const created = await client.create(file)
    await client.send('DELETE', `/files/${file}`)
    release()
    await server.drain()
    expect(await client.batch(created.id)).toMatchObject({ status: 'failed' })
  })
})

describe('a create call is refused at once', () => {
  const right = { endpoint: '/v1/chat/completions', completion_window: '24h' }

  it.each([
    ['without endpoint', { completion_window: '24h' }, 'missing_required_parameter', 'endpoint'],
    ['with an endpoint that takes no batches', { ...right, endpoint: '/v1/audio' }, 'invalid_value', 'endpoint'],
    ['with another window', { ...right, completion_window: '48h' }, 'invalid_value', 'completion_window'],
    ['with a number in its metadata', { ...right, metadata: { size: 3 } }, 'invalid_type', 'metadata.size'],
    ['with a long value', { ...right, metadata: { a: 'x'.repeat(513) } }, 'string_above_max_length', 'metadata.a'],
    [
      'with seventeen pairs',
      { ...right, metadata: Object.fromEntries(Array.from({ length: 17 }, (_, place) => [`key${place}`, 'x'])) },
      'object_above_max_properties',
      'metadata',
    ],
    [
      'with an output life that is too short',
      { ...right, output_expires_after: { anchor: 'created_at', seconds: 9 } },
      'invalid_value',
      'output_expires_after',
    ],
    ['with a file that was never stored', { ...right, input_file_id: 'file-none' }, null, 'input_file_id'],
  ])('%s', async (_, parts, code, param) => {
    const server = await serverForTest()
    const client = new RawClient(server.openaiUrl)
    const response = await client.send('POST', '/batches', { input_file_id: await client.upload(ONE), ...parts })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', code, param } })
    expect((await server.ledger()).batchesCreated).toBe(0)
  })
})

describe('an upload is refused', () => {
  it.each([
    ['with another ending', { name: 'rows.txt', purpose: 'batch' }],
    ['with an unknown purpose', { name: 'rows.jsonl', purpose: 'batch-api' }],
    ['above the size limit', { name: 'rows.jsonl', purpose: 'batch', text: 'x'.repeat(2_000) }],
  ])(
    '%s, and nothing is kept',
    async (_, { name, purpose, text = ONE }: { name: string; purpose: string; text?: string }) => {
      const server = await serverForTest({ maxBytes: 1_000 })
      const client = new RawClient(server.openaiUrl)
      const form = new FormData()
      form.set('file', new File([text], name))
      form.set('purpose', purpose)
      expect((await client.send('POST', '/files', form)).status).toBe(400)
      expect(await client.json('GET', '/files')).toMatchObject({ data: [], has_more: false })
    },
  )
})

describe('keys and accounts', () => {
  it('let no client in without an accepted key', async () => {
    const server = await serverForTest({ acceptedKeys: ['right-key'] })
    const wrong = await new RawClient(server.openaiUrl, 'sk-wrong-key-1234').send('GET', '/batches')
    expect(wrong.status).toBe(401)
    expect(await wrong.json()).toMatchObject({
      error: { code: 'invalid_api_key', message: expect.stringContaining('sk-w') },
    })
    const mistral = await new RawClient(server.mistralUrl, 'wrong').send('GET', '/batch/jobs')
    expect(mistral.status).toBe(401)
    expect(await mistral.json()).toEqual({ detail: 'Unauthorized' })
    expect((await new RawClient(server.openaiUrl, 'right-key').send('GET', '/batches')).status).toBe(200)
  })

  it('refuse a large upload without reading it, and keep the connection usable', async () => {
    const server = await serverForTest({ acceptedKeys: ['right-key'] })
    const form = new FormData()
    form.set('file', new File([Buffer.alloc(20_000_000, 'x')], 'rows.jsonl'))
    expect((await new RawClient(server.openaiUrl, 'wrong').send('POST', '/files', form)).status).toBe(401)
    expect((await new RawClient(server.openaiUrl, 'right-key').send('GET', '/batches')).status).toBe(200)
  })

  it('show an account only what is its own', async () => {
    const server = await serverForTest({ accounts: { 'key-one': 'one', 'key-two': 'two', 'key-again': 'one' } })
    const client = new RawClient(server.openaiUrl, 'key-one')
    const file = await client.upload(ONE)
    const batch = await client.create(file)
    const path = `/batches/${batch.id}`
    expect((await new RawClient(server.openaiUrl, 'key-again').send('GET', path)).status).toBe(200)
    const other = new RawClient(server.openaiUrl, 'key-two')
    expect((await other.send('GET', path)).status).toBe(404)
    expect((await other.send('GET', `/files/${file}/content`)).status).toBe(404)
    expect(await other.json('GET', '/batches')).toMatchObject({ data: [] })
    expect((await new RawClient(server.mistralUrl, 'key-one').send('GET', `/files/${file}`)).status).toBe(404)
  })

  it('answer no web page', async () => {
    const server = await serverForTest()
    const headers = { origin: 'https://example.com' }
    expect((await fetch(`${server.url}/simulator/ledger`, { headers })).status).toBe(403)
  })
})
