import { describe, expect, it, onTestFinished } from 'vitest'
import { CONFORMANCE_CASES, type ConformanceSubject } from '../../src/providers/conformance.ts'
import { HOST_PROFILES } from '../../src/providers/hosts/profiles.ts'
import { PROVIDERS } from '../../src/providers/registry.ts'
import type { LocalServerOptions } from '../../src/testing.ts'
import { adapterFor, registeredAdapter } from '../support/adapter.ts'
import { localConformance } from '../support/local-conformance.ts'
import { LoopbackProvider } from '../support/loopback-provider.ts'
import { AZURE_PECULIARITIES, HOST_ROWS } from './host-rows.ts'

const CHAT = '/v1/chat/completions'
const RESPONSES = '/v1/responses'

/** An adapter and what stands on its other side. */
interface Row {
  readonly name: string
  readonly against: string
  readonly open: () => Promise<ConformanceSubject>
}

/** What a subject at the local server differs in. */
interface Local extends Partial<ConformanceSubject> {
  readonly model: string
  /** Where the API lies below the server. @default '/v1' */
  readonly root?: string
  readonly endpoint?: string
  readonly peculiarities?: LocalServerOptions['peculiarities']
  readonly environment?: Readonly<Record<string, string>>
}

/** An adapter at the local server, which was written from the facts on its own, and whose books count what arrived. */
function atLocalServer(name: string, local: Local, against = 'the local server'): Row {
  const { endpoint = CHAT, environment = {}, model, peculiarities = [], root = '/v1', ...more } = local
  const open = async (): Promise<ConformanceSubject> => {
    const { server, ...control } = await localConformance({ peculiarities })
    const asked = [{ role: 'user', content: 'Is it?' }]
    return {
      provider: await registeredAdapter(name, `${server.url}${root}`, environment),
      target: { provider: name, endpoint, model },
      body: JSON.stringify({ model, [endpoint === RESPONSES ? 'input' : 'messages']: asked }),
      ...control,
      ...more,
    }
  }
  return { name, against, open }
}

/** An adapter at a second server, which knows nothing of the first one. */
function atLoopback(name: 'openai' | 'mistral'): Row {
  const open = async (): Promise<ConformanceSubject> => {
    const loopback = new LoopbackProvider(name)
    const server = await loopback.start()
    onTestFinished(() => server.close())
    return {
      provider: adapterFor(name, server.origin),
      target: { provider: name, endpoint: CHAT, model: 'small-1' },
      body: '{"model":"small-1","messages":[{"role":"user","content":"Is it?"}]}',
      finish: async (id) => loopback.finish(id),
      failNext: async (fault, calls) => loopback.failNext(fault, calls),
      countCreates: async () => loopback.creates,
    }
  }
  return { name, against: 'a plain server', open }
}

/** The local server as a host; one that has no row of its own differs in nothing from OpenAI. */
function atHost({ endpoints, name }: (typeof HOST_PROFILES)[number]): Row {
  const { model = 'a-model', peculiarities = [] } = HOST_ROWS.find((row) => row.name === name) ?? {}
  const hasMetadata = !peculiarities.includes('no-metadata')
  const [endpoint = CHAT] = endpoints
  return atLocalServer(name, { model, endpoint, peculiarities, hasMetadata }, 'the local server as this host')
}

const AZURE = { model: 'my-batch-deployment', peculiarities: AZURE_PECULIARITIES }

const ROWS: readonly Row[] = [
  atLoopback('openai'),
  atLocalServer('openai', { model: 'gpt-6-luna' }),
  atLoopback('mistral'),
  atLocalServer('mistral', { root: '/mistral/v1', model: 'mistral-small-latest' }),
  atLocalServer('anthropic', { root: '/anthropic', model: 'claude-haiku-5-5', isTranslated: true }),
  atLocalServer('gemini', { root: '/gemini/v1beta', model: 'gemini-3.8-flash', isTranslated: true }),
  atLocalServer('azure', AZURE, 'the v1 family of addresses'),
  atLocalServer(
    'azure',
    { ...AZURE, environment: { OPENAI_API_VERSION: '2025-04-01-preview' } },
    'the dated family of addresses',
  ),
  atLocalServer('openrouter', {
    root: '/openrouter/api/v1',
    model: 'mistralai/mistral-small',
    canCancel: false,
  }),
  ...HOST_PROFILES.map(atHost),
]

it('every provider is a subject', () => {
  expect(new Set(ROWS.map(({ name }) => name))).toEqual(new Set(Object.keys(PROVIDERS)))
})

describe.each(ROWS)('the adapter of $name against $against', ({ open }) => {
  it.each(CONFORMANCE_CASES)('$name', async (conformance) => {
    await expect(conformance.run(await open())).resolves.toBeUndefined()
  })
})
