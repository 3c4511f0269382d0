// What the local server executes, bills and keeps: every row once, also over a restart and for partial batches.
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startLocalServer } from '../../src/testing.ts'
import { jumpyClock } from '../support/jumpy-clock.ts'
import {
  requestLine as line,
  type RawBatch,
  RawClient,
  serverForTest,
  temporaryFolder,
} from '../support/local-server.ts'

function rows(count: number): string {
  return Array.from({ length: count }, (_, place) => line(`row-${place}`, `prompt nonce:n${place}`)).join('\n')
}

describe('the books of the local server', () => {
  it('hold each of 3,000 rows once, each answered once, in another order than they came', async () => {
    const server = await serverForTest()
    const client = new RawClient(server.openaiUrl)
    const { id } = await client.create(await client.upload(rows(3_000)))
    await server.drain()
    const batch = await client.batch(id)
    const results = await client.lines(batch.output_file_id)
    const ids = results.map((result) => result.custom_id)
    expect(new Set(ids).size).toBe(3_000)
    expect(ids).toHaveLength(3_000)
    expect(ids).not.toEqual(Array.from({ length: 3_000 }, (_, place) => `row-${place}`))
    const wrong = results.filter((result) => {
      const answer = JSON.stringify(result.response)
      return !answer.includes(`nonce:${result.custom_id.replace('row-', 'n')}"`)
    })
    expect(wrong).toEqual([])
    expect(await server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3_000, rowsBilledAgain: 0 })
  })

  it('recognise a row by the nonce in its prompt, whatever its id', async () => {
    const server = await serverForTest()
    const client = new RawClient(server.openaiUrl)
    await client.create(await client.upload(line('one', 'a nonce:same-1')))
    await client.create(await client.upload(line('two', 'b nonce:same-1')))
    await client.create(await client.upload(line('three', 'no mark')))
    await server.drain()
    expect(await server.ledger()).toMatchObject({
      rowsBilled: 3,
      rowsBilledAgain: 1,
      repeated: [{ nonce: 'same-1', times: 2 }],
    })
  })

  it('do not bill rows that failed or never ran, but those that are lost', async () => {
    const server = await serverForTest()
    const client = new RawClient(server.openaiUrl)
    const wishes = ['status=429', 'error 500', 'expired', 'missing', 'length', 'refusal']
    const file = await client.upload(wishes.map((wish) => line(wish, `[[simulate: ${wish}]] nonce:${wish}`)).join('\n'))
    const { id } = await client.create(file)
    await server.drain()
    const batch = await client.batch(id)
    expect(new Set((await client.lines(batch.output_file_id)).map((one) => one.custom_id))).toEqual(
      new Set(['length', 'refusal']),
    )
    expect(await client.lines(batch.error_file_id)).toHaveLength(3)
    expect((await server.ledger()).rowsBilled).toBe(3)
  })

  it('count synchronous calls as executions too', async () => {
    const server = await serverForTest()
    const client = new RawClient(server.openaiUrl)
    const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'x nonce:a' }] }
    await client.create(await client.upload(line('one', 'x nonce:a')))
    await client.send('POST', '/chat/completions', body)
    await server.drain()
    const overHttp = await (await fetch(`${server.url}/simulator/ledger`)).json()
    expect(overHttp).toEqual(await server.ledger())
    expect(overHttp).toMatchObject({ rowsBilled: 1, directCalls: 1, rowsBilledAgain: 1 })
  })

  it('tell how full the queue of a model was at most, and which batch was refused because it was full', async () => {
    const server = await serverForTest({ queueTokens: 25, durations: { finalizeMs: 3_600_000 } })
    const client = new RawClient(server.openaiUrl)
    const refused = []
    for (const name of ['first', 'second', 'third']) {
      const { id } = await client.create(await client.upload(line(name, `ten tokens in this text, nonce:${name}`)))
      const status = async () => (await client.batch(id)).status
      await expect.poll(status, { interval: 5 }).not.toBe('validating')
      refused.push((await status()) === 'failed')
    }
    expect(refused).toEqual([false, false, true])
    const { batches, queues } = await server.ledger()
    expect(batches.map(({ refusedFor }) => refusedFor)).toEqual([null, null, 'token_limit_exceeded'])
    expect(queues).toEqual([{ provider: 'openai', account: expect.any(String), model: 'gpt-6-luna', mostTokens: 19 }])
  })

  it('let a row fail the first time only where its prompt says so', async () => {
    const server = await serverForTest()
    const client = new RawClient(server.openaiUrl)
    const file = await client.upload(line('one', '[[simulate: status=429 times=1]] nonce:a'))
    const first = await client.create(file)
    await server.drain()
    const second = await client.create(file)
    await server.drain()
    expect(await client.batch(first.id)).toMatchObject({ output_file_id: null })
    expect(await client.batch(second.id)).toMatchObject({ error_file_id: null })
  })
})

describe('partial batches', () => {
  it('expire with what was finished, the rest listed as batch_expired', async () => {
    const clock = jumpyClock()
    const server = await serverForTest({ clock, durations: { expireAfterMs: 60_000, runMs: 100_000 } })
    const client = new RawClient(server.openaiUrl)
    const { id } = await client.create(await client.upload(rows(2_000)))
    await expect.poll(async () => (await client.batch(id)).request_counts.completed).toBeGreaterThan(0)
    clock.jump(60_000)
    await server.drain()
    const batch = await client.batch(id)
    expect(batch.status).toBe('expired')
    const finished = await client.lines(batch.output_file_id)
    const rest = await client.lines(batch.error_file_id)
    expect(finished.length + rest.length).toBe(2_000)
    expect(rest[0]).toMatchObject({ response: null, error: { code: 'batch_expired' } })
    expect((await server.ledger()).rowsBilled).toBe(finished.length)
  })

  it('end as TIMEOUT_EXCEEDED at Mistral, with the rest absent where that is wanted', async () => {
    const server = await serverForTest({ faults: ['run=expire(0.5)', 'run=unfinished-absent'] })
    const client = new RawClient(server.mistralUrl)
    const endpoint = '/v1/chat/completions'
    const job = await client.json<RawBatch>('POST', '/batch/jobs', {
      endpoint,
      input_files: [await client.upload(rows(10))],
    })
    await server.drain()
    const ended = await client.json<RawBatch>('GET', `/batch/jobs/${job.id}`)
    expect(ended).toMatchObject({ status: 'TIMEOUT_EXCEEDED', error_file: null, succeeded_requests: 5 })
    expect(await client.lines(ended.output_file)).toHaveLength(5)
  })
})

describe('a server started on the folder of another', () => {
  it('goes on with its batches, files and books, and bills nothing twice', async () => {
    const folder = await temporaryFolder()
    const first = await startLocalServer({ folder, durations: { runMs: 60_000 } })
    const before = new RawClient(first.openaiUrl)
    const file = await before.upload(rows(200))
    const running = await before.create(file)
    const path = `/batches/${running.id}`
    await expect
      .poll(async () => (await before.json<RawBatch>('GET', path)).status, { interval: 5 })
      .toBe('in_progress')
    await first.close()

    const server = await serverForTest({ folder, durations: { runMs: 0 } })
    const client = new RawClient(server.openaiUrl)
    await server.drain()
    const batch = await client.json<RawBatch>('GET', path)
    expect(batch).toMatchObject({ status: 'completed', input_file_id: file })
    expect(await client.lines(batch.output_file_id)).toHaveLength(200)
    const another = await client.create(file)
    expect(another.id).not.toBe(running.id)
    expect(await client.json('GET', '/batches')).toMatchObject({ data: [{ id: another.id }, { id: running.id }] })
    await server.drain()
    expect(await server.ledger()).toMatchObject({ batchesCreated: 2, rowsBilled: 400, rowsBilledAgain: 200 })
  })

  it('ends a cancellation that the other began', async () => {
    const folder = await temporaryFolder()
    const first = await startLocalServer({ folder, durations: { cancelMs: 60_000 }, faults: ['run=stuck(0.5)'] })
    const before = new RawClient(first.openaiUrl)
    const { id } = await before.create(await before.upload(rows(10)))
    const path = `/batches/${id}`
    await expect
      .poll(async () => (await before.json<RawBatch>('GET', path)).request_counts.completed, { interval: 5 })
      .toBe(5)
    await before.send('POST', `${path}/cancel`)
    await first.close()

    const server = await serverForTest({ folder, durations: { cancelMs: 0 } })
    await server.drain()
    const client = new RawClient(server.openaiUrl)
    const batch = await client.json<RawBatch>('GET', path)
    expect(batch.status).toBe('cancelled')
    expect(await client.lines(batch.output_file_id)).toHaveLength(5)
    expect((await server.ledger()).rowsBilled).toBe(5)
  })
})

describe('stopping and breaking off', () => {
  it('closes at once with a batch at work and a call that is never answered', async () => {
    const folder = await temporaryFolder()
    const server = await startLocalServer({ folder, durations: { runMs: 600_000 }, faults: ['list=hang'] })
    const client = new RawClient(server.openaiUrl)
    await client.create(await client.upload(rows(100)))
    const hanging = client.send('GET', '/batches').catch((error: unknown) => error)
    await expect.poll(() => server.firedFaults(), { interval: 5 }).toHaveLength(1)
    await server.close()
    expect(await hanging).toBeInstanceOf(Error)
    expect(await client.send('GET', '/batches').catch((error: unknown) => error)).toBeInstanceOf(Error)
  })

  it('keeps nothing of an upload that the client breaks off', async () => {
    const folder = await temporaryFolder()
    const server = await serverForTest({ folder })
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    await once(socket, 'connect')
    const head = [
      'POST /openai/v1/files HTTP/1.1',
      'host: 127.0.0.1',
      'authorization: Bearer sk-test',
      'content-type: multipart/form-data; boundary=cut',
      'content-length: 100000',
    ]
    const part = '--cut\r\ncontent-disposition: form-data; name="file"; filename="rows.jsonl"\r\n\r\n{"custom_id"'
    socket.write(`${head.join('\r\n')}\r\n\r\n${part}`)
    const temporary = join(folder, 'temporary')
    await expect.poll(() => readdir(temporary), { interval: 5 }).toHaveLength(1)
    socket.destroy()
    await expect.poll(() => readdir(temporary), { interval: 5 }).toEqual([])
    expect(await new RawClient(server.openaiUrl).json('GET', '/files')).toMatchObject({ data: [] })
  })
})
