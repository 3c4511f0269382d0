import { expect, it } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { systemRandom } from '../../lib/random.ts'
import { NotCreated, type ProviderOptions, Unknown } from '../provider.ts'
import type { TransportRequest } from '../transport.ts'
import { createAnthropicProvider } from './adapter.ts'

const BATCH = {
  target: { provider: 'anthropic', endpoint: '/v1/chat/completions', model: 'm' },
  metadata: {},
  windowHours: null,
}

async function* pieces(...texts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

/** What a create sends and throws whose answer is this; `sent` stays empty where nothing is sent. */
async function createWith(status: number, answer: string, bytes?: number, ...texts: readonly string[]) {
  const sent: string[] = []
  const options: ProviderOptions = {
    apiKey: 'sk-ant-test-0123456789',
    baseUrl: 'https://api.example/anthropic',
    clock: systemClock,
    random: systemRandom,
    transport: {
      send: async ({ body, url }: TransportRequest) => {
        sent.push(`${url.pathname} `)
        if (typeof body === 'object') for await (const piece of body.stream) sent.push(Buffer.from(piece).toString())
        const length = typeof body === 'object' ? body.bytes : 0
        expect(Buffer.byteLength(sent.slice(1).join(''))).toBe(length)
        return { status, headers: {}, body: pieces(answer) }
      },
    },
  }
  const size = Buffer.byteLength(texts.join(''))
  const input = { name: 'x.jsonl', bytes: bytes ?? size, open: () => pieces(...texts) }
  const provider = createAnthropicProvider(options)
  const error: unknown = await provider
    .create(BATCH, input, new AbortController().signal)
    .catch((thrown: unknown) => thrown)
  return { sent: sent.join(''), error }
}

it('a create is one JSON body of all lines, whatever the pieces they are read in, and as long as it says', async () => {
  const { error, sent } = await createWith(
    500,
    '{}',
    undefined,
    '{"custom_id":"b1"}\n{"custom_id":"b2"}\n',
    '{"custom_id":"b3"}\n',
  )
  expect(sent).toBe(
    '/anthropic/v1/messages/batches {"requests":[{"custom_id":"b1"},{"custom_id":"b2"},{"custom_id":"b3"}]}',
  )
  expect(error).toBeInstanceOf(Unknown)
})

it('a create that is larger than 256 MB as it is serialised is not sent, and is to be cut', async () => {
  const { error, sent } = await createWith(500, '{}', 256_000_000 - 13, '{}\n')
  expect({ sent, error }).toMatchObject({ sent: '', error: { failure: { kind: 'too_large' } } })
  expect(error).toBeInstanceOf(NotCreated)
})

function errorAnswer(type: string, code?: string): string {
  const details = code === undefined ? {} : { details: { error_code: code } }
  return JSON.stringify({ type: 'error', error: { type, message: 'No.', ...details }, request_id: 'req_1' })
}

it.each([
  [413, errorAnswer('request_too_large'), NotCreated, 'too_large'],
  [413, '<html>413</html>', Unknown, 'shape'],
  [429, errorAnswer('rate_limit_error', 'enforced_spend_limit_reached'), NotCreated, 'forbidden'],
  [429, errorAnswer('rate_limit_error'), Unknown, 'throttled'],
  [529, errorAnswer('overloaded_error'), Unknown, 'server'],
  [400, errorAnswer('invalid_request_error'), NotCreated, 'refused'],
] as const)(
  'a create that is answered with %i and %s throws what that proves',
  async (status, answer, thrown, kind) => {
    const { error } = await createWith(status, answer, undefined, '{}\n')
    expect(error).toBeInstanceOf(thrown)
    expect(error).toMatchObject({ failure: { kind } })
  },
)
