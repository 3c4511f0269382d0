// What a client must not be able to do to the local server: stop its event loop, end its process, or leave it a batch that
// no restart can finish.
import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startLocalServer } from '../../src/testing.ts'
import { start } from '../support/command.ts'
import { RawClient, requestLine, serverForTest, temporaryFolder } from '../support/local-server.ts'
import { openWorld } from '../support/local-world.ts'

const CHAT = '/chat/completions'
const EMBEDDINGS = '/embeddings'

function withSchema(schema: object): object {
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } }
}

/** A schema whose answers double with every level. */
const DOUBLING = {
  $defs: { pair: { type: 'object', properties: pairs(20) } },
  $ref: '#/$defs/pair',
}

function pairs(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, place) => [`p${place}`, { $ref: '#/$defs/pair' }]))
}

/** Bodies that ask for more work than a server has. */
const GREEDY = [
  ['a milliard choices', CHAT, { n: 1_000_000_000 }],
  ['half a choice', CHAT, { n: 0.5 }],
  ['a hundred million items', CHAT, withSchema({ type: 'array', items: {}, minItems: 100_000_000 })],
  ['a text of a milliard characters', CHAT, withSchema({ type: 'string', minLength: 1_000_000_000 })],
  ['an answer that doubles with every level', CHAT, withSchema(DOUBLING)],
  ['vectors of a milliard numbers', EMBEDDINGS, { input: 'x', dimensions: 1_000_000_000 }],
  ['three thousand inputs', EMBEDDINGS, { input: Array.from({ length: 3_000 }, () => 'x') }],
] as const

describe('a body that asks for too much is refused', () => {
  it.each(GREEDY)(
    'for %s, in a call and in a batch, and a server on the same folder goes on',
    async (_, path, parts) => {
      const folder = await temporaryFolder()
      const first = await startLocalServer({ folder })
      const client = new RawClient(first.openaiUrl)
      const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'x' }], ...parts }
      const answer = await client.send('POST', path, body)
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } })

      const endpoint = `/v1${path}`
      const lines = [body, { ...body, n: 1, dimensions: 2, input: 'good', response_format: undefined }].map(
        (one, place) => JSON.stringify({ custom_id: `${place}`, method: 'POST', url: endpoint, body: one }),
      )
      const created = await client.create(await client.upload(lines.join('\n')), endpoint)
      await first.close()
      const server = await startLocalServer({ folder })
      onTestFinished(() => server.close())
      await server.drain()
      const again = new RawClient(server.openaiUrl)
      const batch = await again.batch(created.id)
      expect(batch).toMatchObject({ status: 'completed', request_counts: { total: 2, completed: 1, failed: 1 } })
      expect(await again.lines(batch.error_file_id)).toMatchObject([{ custom_id: '0', response: { status_code: 400 } }])
    },
  )

  it.each([
    ['lists the choices after many empty lines', `one of${'\n'.repeat(100_000)}`],
    ['lists more choices than a person reads', `one of: ${'a,'.repeat(200_000)}\n${'b'.repeat(200_000)}`],
    ['has a directive with much space in it', `[[simulate: x${' '.repeat(100_000)}y]]`],
  ])('a prompt is answered that %s', async (_, prompt) => {
    const server = await serverForTest()
    const client = new RawClient(server.openaiUrl)
    const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content: prompt }] }
    expect((await client.send('POST', CHAT, body)).status).toBe(200)
  })

  it('a schema that is a part of itself is answered', async () => {
    const client = new RawClient((await serverForTest()).openaiUrl)
    const schema = { $defs: { a: { allOf: [{ $ref: '#/$defs/a' }] } }, $ref: '#/$defs/a' }
    const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'x' }], ...withSchema(schema) }
    expect((await client.send('POST', CHAT, body)).status).toBe(200)
  })
})

describe('whatever JSON a call holds', () => {
  const paths = [
    'chat/completions',
    'responses',
    'completions',
    'embeddings',
    'moderations',
    'batches',
    'batch/jobs',
    'ocr',
  ]
  const fields =
    'model messages input prompt n stream tools tool_choice response_format text format document pages metadata requests role content type function name parameters json_schema schema properties items minItems enum $ref allOf __proto__'
  const field = fc.constantFrom(...fields.split(' '))
  const leaf = fc.constantFrom(null, true, -1, 1e308, '', 'x', 'required', 'function', 'json_schema', '#', '\ud800')
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie('tree')), fc.dictionary(field, tie('tree'))),
  }))
  const body = fc.record({ parts: fc.dictionary(field, tree), messages: fc.constant([{ content: 'x' }]), input: leaf })

  it('is answered or refused, and no fault of the server', async () => {
    const server = await serverForTest()
    const call = fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.boolean(),
      body,
      async (path, isOpenai, { parts, ...rest }) => {
        const client = new RawClient(isOpenai ? server.openaiUrl : server.mistralUrl)
        const answer = await client.send('POST', `/${path}`, { ...rest, ...parts, model: 'm', prompt: 'x' })
        await answer.text()
        expect(answer.status).toBeLessThan(500)
      },
    )
    await fc.assert(call, { numRuns: 200 })
    await server.drain()
  })
})

describe('what is not right is refused', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)

  async function post(base: string, path: string, body: string, type = 'application/json'): Promise<Response> {
    return await fetch(base + path, {
      method: 'POST',
      headers: { authorization: 'Bearer key', 'content-type': type },
      body,
    })
  }

  it('JSON of a hundred thousand levels, in every call that takes JSON', async () => {
    const server = await serverForTest()
    const body = `{"model":"m","messages":${deep}}`
    for (const path of [CHAT, '/batches']) expect((await post(server.openaiUrl, path, body)).status).toBe(400)
    expect((await post(server.mistralUrl, CHAT, body)).status).toBe(400)
    expect((await post(server.mistralUrl, '/batch/jobs', body)).status).toBe(422)
    expect((await post(server.url, '/simulator/faults', deep)).status).toBe(400)
  })

  it('a line of a hundred thousand levels, as a line that is not JSON', async () => {
    const server = await serverForTest()
    const client = new RawClient(server.openaiUrl)
    const line = requestLine('one', 'x', {}, { messages: 'DEEP' }).replace('"DEEP"', deep)
    const created = await client.create(await client.upload(line))
    await server.drain()
    expect(await client.batch(created.id)).toMatchObject({
      status: 'failed',
      errors: { data: [{ code: 'invalid_json_line', line: 1 }] },
    })
  })

  it('a string with brackets in it is not deep', async () => {
    const server = await serverForTest()
    const client = new RawClient(server.openaiUrl)
    const content = `\\"${'['.repeat(1_000)}\\\\`
    const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content }] }
    expect((await client.send('POST', CHAT, body)).status).toBe(200)
  })

  it.each([
    ['without a boundary', 'multipart/form-data', 'x'],
    [
      'without an end',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\nx',
    ],
    ['without any part', 'multipart/form-data; boundary=b', 'nothing'],
    ['with a part without headers', 'multipart/form-data; boundary=b', '--b\r\n\r\n\r\n--b--\r\n'],
  ])('a form %s', async (_, type, body) => {
    const server = await serverForTest()
    expect((await post(server.openaiUrl, '/files', body, type)).status).toBe(400)
    expect((await post(server.mistralUrl, '/files', body, type)).status).toBe(422)
    expect(await new RawClient(server.openaiUrl).json('GET', '/files')).toMatchObject({ data: [] })
  })

  it.each([
    '[null]',
    '[7]',
    '[{}]',
    '[[]]',
    '{}',
    '[{"call":"create","fault":"status","from":"x"}]',
    '[{"call":[],"fault":{}}]',
  ])('the rules %s at the switch for faults', async (body) => {
    const server = await serverForTest({ faults: ['create=500'] })
    const answer = await post(server.url, '/simulator/faults', body)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { message: expect.any(String) } })
    expect(await (await fetch(`${server.url}/simulator/faults`)).json()).toMatchObject({ rules: [{ call: 'create' }] })
  })
})

describe('a full disk', () => {
  /** Only root may mount a file system, and only where the machine lets it; elsewhere nothing here can be tried. */
  function mounted(folder: string, megabytes: number): boolean {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' })
      onTestFinished(() => void execFileSync('umount', ['-l', folder]))
      return true
    } catch {
      return false
    }
  }

  it('ends the batch with a word to its client and to the terminal, and leaves the server at work', async (context) => {
    const world = await openWorld()
    const folder = await temporaryFolder()
    if (!mounted(folder, 4)) return context.skip()
    const served = start(world, ['serve', '--simulate', '--folder', folder])
    const url = /OPENAI_BASE_URL=(\S+)/.exec(await served.shows(/OPENAI_BASE_URL=\S+ /))?.[1] ?? ''
    const client = new RawClient(url)
    const rows = Array.from({ length: 3_000 }, (_, place) => requestLine(`${place}`, 'x', {}, { n: 20 }))
    const created = await client.create(await client.upload(rows.join('\n')))
    await served.shows(/failed: ENOSPC/)
    expect(await client.batch(created.id)).toMatchObject({
      status: 'failed',
      errors: { data: [{ code: 'server_error', message: expect.stringContaining('ENOSPC') }] },
    })
    const tooLarge = await client.send('POST', '/files', form('x'.repeat(8_000_000)))
    expect(tooLarge.status).toBe(500)
    expect(await tooLarge.json()).toMatchObject({ error: { message: expect.stringContaining('ENOSPC') } })
    const small = await client.create(await client.upload(requestLine('one', 'x')))
    await expect.poll(async () => (await client.batch(small.id)).status, { interval: 20 }).toBe('completed')
    served.process.kill('SIGINT')
    expect((await served.ended).code).toBe(0)
  })

  function form(text: string): FormData {
    const data = new FormData()
    data.set('purpose', 'batch')
    data.set('file', new File([text], 'rows.jsonl'))
    return data
  }
})
