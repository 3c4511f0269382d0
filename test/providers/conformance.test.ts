import { describe, expect, it, onTestFinished } from 'vitest'
import { CONFORMANCE_CASES, type ConformanceSubject } from '../../src/providers/conformance.ts'
import { PROVIDERS } from '../../src/providers/registry.ts'
import { adapterFor, registeredAdapter } from '../support/adapter.ts'
import { localConformance } from '../support/local-conformance.ts'
import { LoopbackProvider } from '../support/loopback-provider.ts'
import { PROVIDER_ROWS, type ProviderRow } from './provider-rows.ts'

const CHAT = '/v1/chat/completions'
const RESPONSES = '/v1/responses'

/** An adapter and what stands on its other side. */
interface Row {
  readonly name: string
  readonly against: string
  readonly open: () => Promise<ConformanceSubject>
}

/** What is not the same at all providers. */
const DIFFERENCES: Readonly<Record<string, Partial<ConformanceSubject>>> = {
  anthropic: { isTranslated: true },
  gemini: { isTranslated: true },
  openrouter: { canCancel: false },
}

/** An adapter at the local server, which was written from the facts on its own, and whose books count what arrived. */
function atLocalServer(
  { endpoint, model, name, peculiarities, root }: ProviderRow,
  against = 'the local server',
  environment: Readonly<Record<string, string>> = {},
): Row {
  const open = async (): Promise<ConformanceSubject> => {
    const { server, ...control } = await localConformance({ peculiarities })
    const asked = [{ role: 'user', content: 'Is it?' }]
    return {
      provider: await registeredAdapter(name, server.url + root, environment),
      target: { provider: name, endpoint, model },
      body: JSON.stringify({ model, [endpoint === RESPONSES ? 'input' : 'messages']: asked }),
      hasMetadata: !peculiarities.includes('no-metadata'),
      ...control,
      ...DIFFERENCES[name],
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

/** The version that chooses the dated family of Azure's addresses. */
const DATED = { OPENAI_API_VERSION: '2025-04-01-preview' }

const ROWS: readonly Row[] = [
  atLoopback('openai'),
  atLoopback('mistral'),
  ...PROVIDER_ROWS.map((row) => atLocalServer(row)),
  ...PROVIDER_ROWS.filter(({ name }) => name === 'azure').map((row) =>
    atLocalServer(row, 'the dated addresses of the local server', DATED),
  ),
]

it('every provider is a subject', () => {
  expect(new Set(ROWS.map(({ name }) => name))).toEqual(new Set(Object.keys(PROVIDERS)))
})

describe.each(ROWS)('the adapter of $name against $against', ({ open }) => {
  it.each(CONFORMANCE_CASES)('$name', async (conformance) => {
    await expect(conformance.run(await open())).resolves.toBeUndefined()
  })
})
