import { describe, expect, it, onTestFinished } from 'vitest'
import { CHAT_ENDPOINT } from '../../src/model/target.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { describeProvider } from '../../src/providers/registry.ts'
import { registeredAdapter } from '../support/adapter.ts'
import { answerJson, type HttpServer, startHttpServer } from '../support/http-server.ts'
import { serverForTest } from '../support/local-server.ts'

const TARGET = { provider: 'xai', endpoint: CHAT_ENDPOINT, model: 'grok-4' }
const { signal } = new AbortController()
const CANCELLED = { cancel_time: '2026-11-28T10:00:00Z' }
const REFUSED = { ...CANCELLED, cancel_by_xai_message: 'line 3 is not valid JSON' }

/** An adapter at a server that gives these answers in turn, the last of them for ever. */
async function answeredWith(...answers: readonly object[]): Promise<{ provider: Provider; server: HttpServer }> {
  let calls = 0
  const server = await startHttpServer((_request, response) => {
    calls += 1
    answerJson(response, 200, answers[Math.min(calls, answers.length) - 1] ?? {})
  })
  onTestFinished(() => server.close())
  return { provider: await registeredAdapter('xai', server.origin), server }
}

function batchWith(state: object | undefined, more: object = {}): object {
  return { batch_id: 'b1', name: 'somebody else', ...(state === undefined ? {} : { state }), ...more }
}

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString('utf8')
}

describe('the status of a batch at xai', () => {
  it.each([
    ['queued while nothing is counted', {}, {}, 'queued'],
    ['in progress while a request is pending', { num_requests: 4, num_pending: 1, num_success: 3 }, {}, 'in_progress'],
    ['in progress where the others do not make up for all', { num_requests: 4, num_success: 3 }, {}, 'in_progress'],
    ['completed when none is pending', { num_requests: 4, num_pending: 0, num_success: 4 }, {}, 'completed'],
    ['completed where all counts are texts', { num_requests: '4', num_pending: '0', num_error: '4' }, {}, 'completed'],
    [
      'still being cancelled while one is pending',
      { num_requests: 4, num_pending: 1, num_cancelled: 3 },
      CANCELLED,
      'cancelling',
    ],
    ['still being cancelled where none was counted yet', { num_requests: 0, num_pending: 0 }, CANCELLED, 'cancelling'],
    [
      'cancelled when none is pending',
      { num_requests: 4, num_pending: 0, num_success: 1, num_cancelled: 3 },
      CANCELLED,
      'cancelled',
    ],
    [
      'completed where a cancel came too late',
      { num_requests: 4, num_pending: 0, num_success: 4 },
      CANCELLED,
      'completed',
    ],
    ['failed where xAI itself cancelled it, with nothing answered', { num_requests: 0 }, REFUSED, 'failed'],
    [
      'cancelled where xAI itself cancelled it after some answers',
      { num_requests: 4, num_pending: 0, num_success: 1 },
      REFUSED,
      'cancelled',
    ],
    [
      'expired with requests left when its time is up',
      { num_requests: 4, num_pending: 1 },
      { expire_time: '2026-01-01T00:00:00Z' },
      'expired',
    ],
    [
      'completed at whatever time',
      { num_requests: 1, num_pending: 0, num_success: 1 },
      { expire_time: '2026-01-01T00:00:00Z' },
      'completed',
    ],
  ])('is %s', async (_words, state, more, status) => {
    const { provider } = await answeredWith(batchWith(state, more))
    const batch = await provider.get('b1', signal)
    expect(batch).toMatchObject({ status, isStatusUnknown: false })
    const hasResults = status === 'completed' || status === 'cancelled' || status === 'expired'
    expect(batch.results).toEqual(hasResults ? [{ id: 'b1', role: 'output' }] : [])
  })

  it('is not known where counts are missing or no numbers, and never an end', async () => {
    for (const state of [undefined, { num_requests: 4, num_pending: null }, { num_requests: 4, num_pending: -1 }]) {
      const { provider } = await answeredWith(batchWith(state))
      expect(await provider.get('b1', signal)).toMatchObject({
        status: 'in_progress',
        isStatusUnknown: true,
        results: [],
      })
    }
  })

  it('follows counts that move back after a cancel, and ends with all that was answered', async () => {
    const { provider } = await answeredWith(
      batchWith({ num_requests: 4, num_pending: 1, num_success: 0, num_cancelled: 3 }, CANCELLED),
      batchWith({ num_requests: 4, num_pending: 0, num_success: 3, num_cancelled: 1 }, CANCELLED),
      batchWith({ num_requests: 4, num_pending: 0, num_success: 4, num_cancelled: 0 }, CANCELLED),
    )
    expect(await provider.get('b1', signal)).toMatchObject({ status: 'cancelling', results: [] })
    expect(await provider.get('b1', signal)).toMatchObject({ status: 'cancelled', counts: { total: 4, completed: 3 } })
    expect(await provider.get('b1', signal)).toMatchObject({ status: 'completed', counts: { completed: 4 } })
  })

  it('tells why xAI cancelled a malformed file', async () => {
    const { provider } = await answeredWith(batchWith({ num_requests: 0 }, REFUSED))
    expect((await provider.get('b1', signal)).errors).toMatchObject([{ message: 'line 3 is not valid JSON' }])
  })
})

describe('a batch at xai', () => {
  it('is ours by the nonce in its name or by its input file, and by nothing else', async () => {
    const { provider } = await answeredWith({
      batches: [
        batchWith({}, { batch_id: 'b1', name: 'llm-batch-abc123' }),
        batchWith({}, { batch_id: 'b2', name: 'other', input_file_id: 'f1' }),
        batchWith({}, { batch_id: 'b3', name: 'llm-batch-abc124', input_file_id: 'f2' }),
        batchWith({}, { batch_id: 'b4', name: '' }),
      ],
    })
    const { batches, isConclusive } = await provider.list(new Date(0), signal)
    const mark = { inputFileId: 'f1', nonce: 'abc123' }
    expect(isConclusive).toBe(true)
    expect(batches.filter((batch) => provider.isOurs(batch, mark)).map(({ id }) => id)).toEqual(['b1', 'b2'])
  })

  it('is listed by pages, and a page that is none proves nothing', async () => {
    const page = (id: string, token: string | null) => ({
      batches: [batchWith({}, { batch_id: id })],
      pagination_token: token,
    })
    const { provider, server } = await answeredWith(page('b1', 'more'), page('b2', null))
    const { batches, isConclusive } = await provider.list(new Date(0), signal)
    expect({ isConclusive, ids: batches.map(({ id }) => id) }).toEqual({ isConclusive: true, ids: ['b1', 'b2'] })
    expect(server.received.map(({ path }) => path)).toEqual([
      '/batches?limit=100',
      '/batches?limit=100&pagination_token=more',
    ])
    for (const none of [{ object: 'model' }, { batches: [], data: [] }, { batches: [], pagination_token: 'more' }]) {
      const { provider: other } = await answeredWith(none)
      expect(await other.list(new Date(0), signal)).toMatchObject({ isConclusive: false })
    }
    const { provider: empty } = await answeredWith({})
    expect(await empty.list(new Date(0), signal)).toEqual({ isConclusive: true, batches: [] })
  })

  it('gives its results page by page, each as it came', async () => {
    const { provider, server } = await answeredWith(
      {
        results: [
          { batch_request_id: 'a', error: 'no' },
          { batch_request_id: 'b', n: 1 },
        ],
        pagination_token: 'next',
      },
      { results: [{ batch_request_id: 'c' }], pagination_token: '' },
    )
    const text = await readAll(provider.read({ id: 'b1', role: 'output' }, signal))
    expect(text).toBe(
      '{"batch_request_id":"a","error":"no"}\n{"batch_request_id":"b","n":1}\n{"batch_request_id":"c"}\n',
    )
    expect(server.received.map(({ path }) => path)).toEqual([
      '/batches/b1/results?limit=100',
      '/batches/b1/results?limit=100&pagination_token=next',
    ])
  })

  it('has no results where a page is none or leads back to itself', async () => {
    for (const page of [{ detail: 'x' }, { pagination_token: 'a' }, { results: [{}], pagination_token: 'a' }]) {
      const { provider, server } = await answeredWith(page)
      const read = readAll(provider.read({ id: 'b1', role: 'output' }, signal))
      await expect(read).rejects.toMatchObject({ failure: { kind: 'shape' } })
      expect(server.received.length).toBeLessThanOrEqual(2)
    }
  })
})

describe('a result of xai', () => {
  const body = {
    id: 'r1',
    object: 'chat.completion',
    model: 'grok-4',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: 9,
      completion_tokens: 2,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 30 },
    },
  }

  it('counts thoughts among the tokens of its answer, under whatever operation it stands', async () => {
    const provider = await describeProvider('xai')
    for (const response of [{ chat_get_completion: body }, { another_operation: body }, body]) {
      const decoded = provider.decode(JSON.stringify({ batch_request_id: 'a', response }), TARGET)
      expect(decoded).toMatchObject({
        wireId: 'a',
        outcome: {
          status: 'succeeded',
          output: 'Yes.',
          usage: { promptTokens: 9, completionTokens: 32, cachedTokens: 4, reasoningTokens: 30 },
        },
      })
    }
  })

  it('fails with a text, is perhaps billed, and is never sent again by itself', async () => {
    const provider = await describeProvider('xai')
    for (const error of ['the model is overloaded', 'Rate limit reached. Please try again later.']) {
      expect(provider.decode(JSON.stringify({ batch_request_id: 'a', error }), TARGET)?.outcome).toMatchObject({
        status: 'failed',
        code: 'row_error',
        reason: error,
        billed: 'unknown',
        retryable: false,
      })
    }
    const nothing = provider.decode('{"batch_request_id":"a"}', TARGET)
    expect(nothing?.outcome).toMatchObject({ status: 'failed', code: 'bad_shape', billed: 'unknown' })
  })

  it('is read the same where the request was asked directly', async () => {
    const { provider } = await answeredWith(body)
    const request = { wireId: 'a', target: TARGET, body: '{}' }
    const { line, outcome } = await provider.direct(request, signal)
    expect(outcome).toMatchObject({ output: 'Yes.', usage: { completionTokens: 32 } })
    expect(provider.decode(line, TARGET)?.outcome).toEqual(outcome)
    const server = await startHttpServer((_request, response) => answerJson(response, 422, { error: 'no such field' }))
    onTestFinished(() => server.close())
    const refused = await (await registeredAdapter('xai', server.origin)).direct(request, signal)
    expect(refused.outcome).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('no such field'),
      billed: 'no',
    })
  })
})

describe('a key that xai does not know', () => {
  it('is refused with 400, which never passes for anything else', async () => {
    const server = await serverForTest({ acceptedKeys: ['another-key'] })
    const provider = await registeredAdapter('xai', server.xaiUrl)
    const isWrongKey = { failure: { kind: 'unauthorised', status: 400 } }
    await expect(provider.list(new Date(0), signal)).rejects.toMatchObject(isWrongKey)
    await expect(provider.get('b1', signal)).rejects.toMatchObject(isWrongKey)
    await expect(readAll(provider.read({ id: 'b1', role: 'output' }, signal))).rejects.toMatchObject(isWrongKey)
    const batch = { target: TARGET, metadata: {}, windowHours: null }
    await expect(provider.create(batch, { id: 'f1' }, signal)).rejects.toMatchObject({
      name: 'NotCreated',
      ...isWrongKey,
    })
  })
})
