// What a test can set where the real APIs are not known, or where it wants answers of its own.
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { LocalServerOptions } from '../../src/testing.ts'
import { expectExit, parseLines, start, typeHere } from '../support/command.ts'
import { RawClient, requestLine, serverForTest } from '../support/local-server.ts'
import { openWorld, questions } from '../support/local-world.ts'

const CHAT = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'Say hello' }] }

describe('one row with stream: true', () => {
  const rows = [requestLine('plain', 'x'), requestLine('streamed', 'y', {}, { stream: true })].join('\n')

  it('fails alone unless the server is told otherwise', async () => {
    const server = await serverForTest()
    const client = new RawClient(server.openaiUrl)
    const { id } = await client.create(await client.upload(rows))
    await server.drain()
    const batch = await client.batch(id)
    expect(batch).toMatchObject({ status: 'completed', request_counts: { completed: 1, failed: 1 } })
    expect(await client.lines(batch.error_file_id)).toMatchObject([
      { custom_id: 'streamed', response: { status_code: 400, body: { error: { param: 'stream' } } } },
    ])
  })

  it('makes the command refuse the whole batch with --stream-refuses batch, and take every name with --upload-names any', async () => {
    const world = await openWorld()
    const words = ['serve', '--simulate', '--folder', `${world.folder}/other`]
    const served = start(world, [...words, '--stream-refuses', 'batch', '--upload-names', 'any'])
    const client = new RawClient(/OPENAI_BASE_URL=(\S+)/.exec(await served.shows(/OPENAI_BASE_URL=\S+ /))?.[1] ?? '')
    const { id } = await client.create(await client.upload(rows, 'rows.txt'))
    await expect.poll(async () => (await client.batch(id)).status, { interval: 20 }).toBe('failed')
    expect(await client.batch(id)).toMatchObject({
      errors: { data: [{ code: 'unsupported_value', line: 2, param: 'body.stream' }] },
    })
  })
})

describe('an upload without a name', () => {
  const form = [
    '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch',
    `--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n${requestLine('one', 'x')}`,
    '--b--\r\n',
  ].join('\r\n')

  it.each([
    ['is refused, as one of another name is', {}, 400, { error: { message: expect.stringContaining('.jsonl') } }],
    ['is taken where the server is told so', { uploadNames: 'any' as const }, 200, { filename: 'upload' }],
  ])('%s', async (_, options: Partial<LocalServerOptions>, status, body) => {
    const server = await serverForTest(options)
    const headers = { authorization: 'Bearer key', 'content-type': 'multipart/form-data; boundary=b' }
    const answer = await fetch(`${server.openaiUrl}/files`, { method: 'POST', headers, body: form })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject(body)
  })
})

it.each(['sk with spaces', "k,;:'(é)", 'ключ'.length.toString().padStart(300, '~')])(
  'the key %s is a key',
  async (key) => {
    const server = await serverForTest({ acceptedKeys: [key] })
    expect((await new RawClient(server.openaiUrl, key).send('GET', '/batches')).status).toBe(200)
    expect((await new RawClient(server.openaiUrl, `${key}x`).send('GET', '/batches')).status).toBe(401)
  },
)

describe('a function that answers', () => {
  it('gives the text of every row, of a whole run, and sees the body as it was sent', async () => {
    const seen: unknown[] = []
    const world = await openWorld({
      answer: async (body, { endpoint, model, provider }) => {
        seen.push({ endpoint, model, provider })
        const [message] = body['messages'] as readonly { readonly content: string }[]
        return `You asked: ${message?.content}`
      },
    })
    await world.write('rows.jsonl', questions(3))
    const words = ['--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '-o', 'out.jsonl', '--quiet']
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words), 0)
    const rows = parseLines(await readFile(`${world.folder}/out.jsonl`, 'utf8'))
    expect(rows).toHaveLength(3)
    for (const row of rows) expect(row['llm_output']).toBe(`You asked: ${String(row['text'])}`)
    expect(seen[0]).toEqual({ endpoint: '/v1/chat/completions', model: 'gpt-6-luna', provider: 'openai' })
  })

  it('gives a whole body, which is billed as it says, or leaves the answer to the server', async () => {
    const whole = { choices: [], usage: { prompt_tokens: 7, completion_tokens: 9 }, anything: true }
    const server = await serverForTest({ answer: ({ user }) => (user === 'whole' ? whole : undefined) })
    const client = new RawClient(server.openaiUrl)
    expect(await client.json('POST', '/chat/completions', { ...CHAT, user: 'whole' })).toEqual(whole)
    expect(await server.ledger()).toMatchObject({ directCalls: 1, inputTokens: 7, outputTokens: 9 })
    expect(await client.json('POST', '/chat/completions', CHAT)).toMatchObject({
      choices: [{ message: { content: expect.stringMatching(/^\[simulated\] /) } }],
    })
  })

  it.each([
    ['throws', () => Promise.reject(new Error('no idea')), 'no idea'],
    ['gives a number', () => 7 as unknown as string, 'neither a text nor an object'],
    ['gives what JSON cannot hold', () => ({ count: 7n }), 'BigInt'],
  ])(
    'that %s fails the row and the call with status 500, unbilled, and a directive goes before it',
    async (_, answer, words) => {
      const server = await serverForTest({ answer })
      const client = new RawClient(server.openaiUrl)
      const error = { error: { type: 'server_error', message: expect.stringContaining(words) } }
      const direct = await client.send('POST', '/chat/completions', CHAT)
      expect(direct.status).toBe(500)
      expect(await direct.json()).toMatchObject(error)
      const rows = [requestLine('one', 'x'), requestLine('two', '[[simulate: length]]')]
      const { id } = await client.create(await client.upload(rows.join('\n')))
      await server.drain()
      const batch = await client.batch(id)
      expect(await client.lines(batch.error_file_id)).toMatchObject([
        { custom_id: 'one', response: { status_code: 500, body: error } },
      ])
      expect(await client.lines(batch.output_file_id)).toMatchObject([{ custom_id: 'two' }])
      expect((await server.ledger()).rowsBilled).toBe(1)
    },
  )

  it('is asked for vectors too, and must give their whole body', async () => {
    const server = await serverForTest({ answer: () => 'a text' })
    const answer = await new RawClient(server.openaiUrl).send('POST', '/embeddings', { model: 'm', input: 'x' })
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('whole body') } })
  })
})
