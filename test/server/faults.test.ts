// Every fault the local server can produce, seen from a plain HTTP client: what it does, and what it leaves done.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { FAULTS, type LocalServer, type LocalServerOptions } from '../../src/testing.ts'
import { heldFaults, UNTIL_RELEASED } from '../support/held-clock.ts'
import { jumpyClock } from '../support/jumpy-clock.ts'
import { requestLine as line, type RawBatch, RawClient, serverForTest } from '../support/local-server.ts'

const ROWS = Array.from({ length: 20 }, (_, place) => line(`row-${place}`, `prompt nonce:n${place}`)).join('\n')

interface Scene {
  readonly server: LocalServer
  readonly client: RawClient
  readonly file: string
}

async function scene(options: Partial<LocalServerOptions> = {}): Promise<Scene> {
  const server = await serverForTest({ seed: 1, ...options })
  const client = new RawClient(server.openaiUrl)
  return { server, client, file: await client.upload(ROWS) }
}

/** A completed batch, and then the faults. */
async function finished(...faults: readonly string[]): Promise<Scene & { readonly batch: RawBatch }> {
  const { server, client, file } = await scene()
  const { id } = await client.create(file)
  await server.drain()
  const batch = await client.batch(id)
  server.setFaults(faults)
  return { server, client, file, batch }
}

function createCall(client: RawClient, file: string): Promise<Response> {
  const body = { input_file_id: file, endpoint: '/v1/chat/completions', completion_window: '24h' }
  return client.send('POST', '/batches', body)
}

/** Gives up on an answer that never comes: soon where none is expected, and late enough for a busy machine elsewhere. */
async function outcome(call: Promise<Response>, isExpected = true): Promise<number | string> {
  const patience = new Promise<string>((resolve) => {
    setTimeout(resolve, isExpected ? 20_000 : 150, 'no answer').unref()
  })
  return await Promise.race([call.then((response) => response.status).catch(() => 'broken'), patience])
}

describe('a create call that fails', () => {
  it.each([
    ['500', 500, 0],
    ['429', 429, 0],
    ['html(502)', 502, 0],
    ['reset', 'broken', 0],
    ['hang', 'no answer', 0],
    ['file-not-found', 400, 0],
    ['accept-then-500', 500, 1],
    ['accept-then-html', 502, 1],
    ['accept-then-reset', 'broken', 1],
    ['accept-then-hang', 'no answer', 1],
    ['half-json', 200, 1],
    ['empty-answer', 200, 1],
    ['html-answer', 200, 1],
    ['other-object', 200, 1],
    ['no-id', 200, 1],
    ['wrapped', 200, 1],
    ['repeat', 200, 2],
  ])('with %s answers %s and leaves %i batches', async (fault, answer, batches) => {
    const { server, client, file } = await scene()
    server.setFaults([`create:1=${fault}`])
    expect(await outcome(createCall(client, file), answer !== 'no answer')).toBe(answer)
    expect((await server.ledger()).batchesCreated).toBe(batches)
    expect(server.firedFaults()).toHaveLength(1)
  })

  it('and is repeated by a gateway leaves a batch that the books know as such', async () => {
    const { server, client, file } = await scene()
    server.setFaults(['create=repeat'])
    const { id } = await client.create(file)
    await server.drain()
    expect(await server.ledger()).toMatchObject({
      rowsBilled: 40,
      rowsBilledAgain: 20,
      batches: [{ id, isGatewayCopy: false }, { isGatewayCopy: true }],
    })
  })

  it('and arrives later, is made when it arrives', async () => {
    const { clock, release } = heldFaults()
    const { server, client, file } = await scene({ clock })
    server.setFaults([`create=delayed(${UNTIL_RELEASED})`])
    expect(await outcome(createCall(client, file))).toBe('broken')
    expect((await server.ledger()).batchesCreated).toBe(0)
    release()
    await server.drain()
    expect((await server.ledger()).batchesCreated).toBe(1)
  })

  it('and arrives after its file was deleted, makes nothing', async () => {
    const { clock, release } = heldFaults()
    const { server, client, file } = await scene({ clock })
    server.setFaults([`create=delayed(${UNTIL_RELEASED})`])
    await outcome(createCall(client, file))
    await client.send('DELETE', `/files/${file}`)
    release()
    await server.drain()
    expect((await server.ledger()).batchesCreated).toBe(0)
  })

  it('does not break the dialect of Mistral', async () => {
    const server = await serverForTest({ faults: ['create:1=accept-then-503'] })
    const client = new RawClient(server.mistralUrl)
    const endpoint = '/v1/chat/completions'
    const call = { endpoint, input_files: [await client.upload(ROWS)] }
    const response = await client.send('POST', '/batch/jobs', call)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ object: 'error', code: 'service_unavailable' })
    expect(await client.json('GET', '/batch/jobs')).toMatchObject({ total: 1 })
  })
})

describe('a batch that appears late', () => {
  it('is neither listed nor found at first, and runs all the same', async () => {
    const clock = jumpyClock()
    const { server, client, file } = await scene({ clock })
    server.setFaults(['create=late(60000)'])
    const { id } = await client.create(file)
    expect(await client.json('GET', '/batches')).toMatchObject({ data: [] })
    expect((await client.send('GET', `/batches/${id}`)).status).toBe(404)
    clock.jump(60_000)
    expect((await client.send('GET', `/batches/${id}`)).status).toBe(200)
    expect(await client.json('GET', '/batches')).toMatchObject({ data: [{ id }] })
  })
})

describe('what a batch looks like', () => {
  it('ids-early, only while it is at work', async () => {
    const server = await serverForTest({ durations: { runMs: 60_000 } })
    const client = new RawClient(server.openaiUrl)
    const { id } = await client.create(await client.upload(line('a', 'one nonce:a')))
    server.setFaults(['get=ids-early'])
    const early = { output_file_id: 'file-not-there-yet', error_file_id: 'file-not-there-yet' }
    expect(await client.batch(id)).toMatchObject(early)
    const done = await finished('get=ids-early')
    expect(await done.client.batch(done.batch.id)).toEqual(done.batch)
  })

  it.each([
    ['metadata-dropped', { metadata: null }],
    ['batch-status(PAUSED)', { status: 'PAUSED' }],
    ['ids-hidden', { status: 'completed', output_file_id: null, error_file_id: null }],
    ['ids-empty', { output_file_id: expect.stringMatching(/^file-/), error_file_id: '' }],
    ['counts-lie', { request_counts: { total: 10, completed: 1, failed: 0 } }],
    ['times-odd', { created_at: expect.stringMatching(/^\d{4}-/) }],
    ['errors-odd', { errors: 'something went wrong' }],
  ])('%s', async (fault, expected) => {
    const { client, batch } = await finished(`get:1=${fault}`)
    expect(await client.json('GET', `/batches/${batch.id}`)).toMatchObject(expected)
    expect(await client.json('GET', `/batches/${batch.id}`)).toEqual(batch)
  })
})

describe('a listing', () => {
  it.each([
    ['lag(60000)', { ids: [], more: false }],
    ['nothing-listed', { ids: [], more: false }],
    ['empty-page', { ids: [], more: true }],
    ['ends-early', { ids: [3], more: false }],
    ['repeat-page', { ids: [3, 2], more: true }],
    ['doubled-entries', { ids: [3, 3, 2, 2], more: true }],
    ['no-has-more', { ids: [3, 2], more: undefined }],
  ])('with %s', async (fault, expected) => {
    const { server, client, file } = await scene()
    const made: string[] = []
    for (let count = 0; count < 4; count += 1) made.push((await client.create(file)).id)
    server.setFaults([`list=${fault}`])
    const path = fault === 'repeat-page' ? `/batches?limit=2&after=${made[2]}` : '/batches?limit=2'
    const page = await client.json<{ data: RawBatch[]; has_more?: boolean }>('GET', path)
    expect({ ids: page.data.map((batch) => made.indexOf(batch.id)), more: page.has_more }).toEqual(expected)
  })

  it.each([
    ['nothing-listed', 0, 0],
    ['ends-early', 1, 1],
    ['empty-page', 0, 1_002],
  ])('of Mistral with %s gives %i of %i', async (fault, entries, total) => {
    const server = await serverForTest()
    const client = new RawClient(server.mistralUrl)
    const call = { endpoint: '/v1/chat/completions', input_files: [await client.upload(ROWS)] }
    for (let count = 0; count < 2; count += 1) await client.send('POST', '/batch/jobs', call)
    server.setFaults([`list=${fault}`])
    const page = await client.json<{ data: unknown[]; total: number }>('GET', '/batch/jobs')
    expect([page.data.length, page.total]).toEqual([entries, total])
  })
})

describe('a downloaded file', () => {
  async function download(fault: string): Promise<{ readonly text: string | undefined; readonly whole: string }> {
    const { client, batch } = await finished(`content:1=${fault}`)
    const path = `/files/${batch.output_file_id}/content`
    const text = await client
      .send('GET', path)
      .then((response) => response.arrayBuffer())
      .then((bytes) => Buffer.from(bytes).toString())
      .catch(() => undefined)
    return { text, whole: await (await client.send('GET', path)).text() }
  }

  const linesOf = (text: string | undefined): string[] => (text ?? '').split('\n')

  it('that is cut breaks the connection', async () => {
    expect((await download('cut(0.5)')).text).toBeUndefined()
  })

  it.each(['0', '0.25'])('that comes short with share %s ends cleanly', async (share) => {
    const { text, whole } = await download(`short(${share})`)
    expect(text).toBe(whole.slice(0, Math.floor(whole.length * Number(share))))
  })

  it.each([
    ['zero-bytes', () => ''],
    ['bom', (whole: string) => `\uFEFF${whole}`],
    ['crlf', (whole: string) => whole.replaceAll('\n', '\r\n')],
    ['blank-lines', (whole: string) => whole.replaceAll('\n', '\n\n')],
    ['no-final-newline', (whole: string) => whole.trimEnd()],
  ])('with %s is otherwise whole', async (fault, change) => {
    const { text, whole } = await download(fault)
    // Decoding a fetched body would hide a byte order mark, which is why the bytes were decoded by hand.
    expect(text).toBe(change(whole))
  })

  it.each([
    ['doubled-lines', 41, 20],
    ['conflicting-lines', 22, 20],
    ['missing-lines(0.5)', 11, 10],
    ['foreign-lines', 22, 21],
  ])('with %s has %i lines of %i ids', async (fault, count, ids) => {
    const lines = linesOf((await download(fault)).text)
    expect(lines).toHaveLength(count)
    const parsed = lines.filter(Boolean).map((one) => (JSON.parse(one) as { custom_id: string }).custom_id)
    expect(new Set(parsed).size).toBe(ids)
  })

  it('with unparseable-lines keeps its other lines', async () => {
    const lines = linesOf((await download('unparseable-lines(0.5)')).text).filter(Boolean)
    const good = lines.filter((one) => one.endsWith('}'))
    expect([lines.length, good.length]).toEqual([20, 10])
  })
})

describe('bytes that are not what they claim', () => {
  it('are Latin-1 in place of UTF-8', async () => {
    const { client, server } = await scene()
    const form = new FormData()
    form.set('purpose', 'batch')
    form.set('file', new File([ROWS], 'Größe.jsonl'))
    const { id } = await client.json<{ id: string }>('POST', '/files', form)
    server.setFaults(['file=latin1'])
    const bytes = Buffer.from(await (await client.send('GET', `/files/${id}`)).arrayBuffer())
    expect(bytes.toString('latin1')).toContain('Größe')
    expect(bytes.toString('utf8')).not.toContain('Größe')
  })

  it('claim to be gzip', async () => {
    const { client, batch } = await finished('content=false-encoding')
    // A request for the head alone: fetch never ends when it decodes a body that is no gzip.
    const { headers } = await client.send('HEAD', `/files/${batch.output_file_id}/content`)
    expect(headers.get('content-encoding')).toBe('gzip')
  })
})

describe('the execution of a batch', () => {
  async function run(...faults: readonly string[]): Promise<Scene & { readonly batch: RawBatch }> {
    const { server, client, file } = await scene()
    server.setFaults(faults)
    const { id } = await client.create(file)
    await server.drain()
    return { server, client, file, batch: await client.batch(id) }
  }

  it('is refused in validation with a code and a line', async () => {
    const { batch, server } = await run('run=refuse(duplicate_custom_id@7)')
    expect(batch).toMatchObject({ status: 'failed', errors: { data: [{ code: 'duplicate_custom_id', line: 7 }] } })
    expect((await server.ledger()).rowsBilled).toBe(0)
  })

  it('is refused by a full queue', async () => {
    const { batch } = await run('run=queue-full')
    expect(batch).toMatchObject({ status: 'failed', errors: { data: [{ code: 'token_limit_exceeded', line: null }] } })
  })

  it('fails a share of its rows, in the error file or in the output file', async () => {
    const apart = await run('run=row-status(503@0.5)')
    expect(apart.batch.request_counts.failed).toBeGreaterThan(0)
    expect(await apart.client.lines(apart.batch.error_file_id)).toHaveLength(apart.batch.request_counts.failed)
    const together = await run('run=row-status(503@0.5)', 'run=errors-in-output')
    expect(together.batch.error_file_id).toBeNull()
    expect(await together.client.lines(together.batch.output_file_id)).toHaveLength(20)
  })

  it('expires in its middle and lists the rest, or does not', async () => {
    const listed = await run('run=expire(0.25)')
    expect(listed.batch.status).toBe('expired')
    expect(await listed.client.lines(listed.batch.output_file_id)).toHaveLength(5)
    expect(await listed.client.lines(listed.batch.error_file_id)).toHaveLength(15)
    const absent = await run('run=expire(0.25)', 'run=unfinished-absent')
    expect(absent.batch.error_file_id).toBeNull()
    expect((await absent.server.ledger()).rowsBilled).toBe(5)
  })

  it('puts a row into both files', async () => {
    const { client, batch } = await run('run=in-both-files')
    const [twice] = await client.lines(batch.error_file_id)
    const ids = (await client.lines(batch.output_file_id)).map((one) => one.custom_id)
    expect(ids).toContain(twice?.custom_id)
    expect(ids).toHaveLength(20)
  })

  it('leaves a file of zero bytes', async () => {
    const { client, batch } = await run('run=zero-byte-files')
    expect(await (await client.send('GET', `/files/${batch.error_file_id}/content`)).text()).toBe('')
  })
})

describe('other calls', () => {
  it('redirect to another origin, which hears nothing unless the client follows', async () => {
    const heard: string[] = []
    const other = createServer((request, response) => {
      heard.push(request.url ?? '')
      response.end()
    }).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const { server, client, file } = await scene()
    server.setFaults([`any=redirect(http://127.0.0.1:${port}/)`])
    const response = await createCall(client, file)
    other.close()
    expect([response.status, response.headers.get('location'), heard]).toEqual([307, `http://127.0.0.1:${port}/`, []])
    expect((await server.ledger()).batchesCreated).toBe(0)
  })

  it('echo the key in their error', async () => {
    const { server, client } = await scene()
    server.setFaults(['list=echo-key'])
    const response = await client.send('GET', '/batches')
    expect(response.status).toBe(401)
    expect(await response.text()).toContain('sk-test')
  })

  it('tell another size and name of a file', async () => {
    const { server, client, file } = await scene()
    server.setFaults(['file=wrong-size', 'file=renamed'])
    const told = await client.json<{ bytes: number; filename: string }>('GET', `/files/${file}`)
    expect(told).toMatchObject({ bytes: ROWS.length - 7, filename: 'modified_file.jsonl' })
  })

  it('say deleted and cancelled without doing it', async () => {
    const { server, client, file } = await scene()
    server.setFaults(['delete=delete-ignored', 'cancel=cancel-ignored'])
    expect(await client.json('DELETE', `/files/${file}`)).toMatchObject({ deleted: true })
    const { id } = await client.create(file)
    expect(await client.json('POST', `/batches/${id}/cancel`)).toMatchObject({ status: 'cancelling' })
    await server.drain()
    expect(await client.batch(id)).toMatchObject({ status: 'completed' })
  })

  it('refuse an upload while its bytes are on the way, and stay usable', async () => {
    const { server, client } = await scene()
    server.setFaults(['upload=503'])
    const form = new FormData()
    form.set('purpose', 'batch')
    form.set('file', new File([Buffer.alloc(20_000_000, 'x')], 'rows.jsonl'))
    expect((await client.send('POST', '/files', form)).status).toBe(503)
    expect((await client.send('GET', '/batches')).status).toBe(200)
  })

  it('are slow', async () => {
    const { server, client } = await scene()
    server.setFaults(['list=slow(60000)'])
    expect(await outcome(client.send('GET', '/batches'), false)).toBe('no answer')
  })

  it('are set and read by another process', async () => {
    const { server, client } = await scene()
    const path = `${server.url}/simulator/faults`
    const set = (rules: unknown): Promise<Response> => fetch(path, { method: 'POST', body: JSON.stringify(rules) })
    expect((await set(['list:1=500'])).status).toBe(200)
    expect((await set(['list=nonsense'])).status).toBe(400)
    expect((await client.send('GET', '/batches')).status).toBe(500)
    expect((await client.send('GET', '/batches')).status).toBe(200)
    const told = (await (await fetch(path)).json()) as { fired: unknown; known: unknown }
    expect(told).toMatchObject({ rules: [{ call: 'list' }], fired: [{ call: 'list', number: 1, name: 'status' }] })
    expect(told.known).toEqual(FAULTS)
  })
})
