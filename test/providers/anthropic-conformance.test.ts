// The local server stands for the API: it was written from the facts on its own, and its books count what arrived.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/lib/random.ts'
import { createAnthropicProvider } from '../../src/providers/anthropic/adapter.ts'
import { CONFORMANCE_CASES, type ConformanceFault, type ConformanceSubject } from '../../src/providers/conformance.ts'
import { createTransport } from '../../src/providers/http.ts'
import { type LocalServer, startLocalServer } from '../../src/testing.ts'
import { impatientClock, KEY } from '../support/adapter.ts'
import { heldClock } from '../support/held-clock.ts'

/** Each fault in the words of the local server. */
const FAULTS: Readonly<Record<ConformanceFault, string>> = {
  lost: 'accept-then-reset',
  server_error: 'status(500)',
  throttled: 'status(429)',
  refused: 'status(400)',
  unauthorised: 'status(401)',
  page: 'html(200)',
  page_not_found: 'html(404)',
  redirect: 'redirect(http://127.0.0.1:9/)',
}

describe('the adapter of anthropic', () => {
  let folder: string
  let server: LocalServer
  let subject: ConformanceSubject

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llm-batch-conformance-'))
    const { clock, release } = heldClock()
    server = await startLocalServer({ folder, clock, seed: 1 })
    const transport = createTransport({
      apiOrigin: server.url,
      clock: impatientClock,
      environment: {},
      idleTimeoutMs: 60_000,
    })
    const provider = createAnthropicProvider({
      apiKey: KEY,
      baseUrl: server.anthropicUrl,
      transport,
      clock: impatientClock,
      random: systemRandom,
    })
    subject = {
      provider,
      target: { provider: 'anthropic', endpoint: '/v1/chat/completions', model: 'claude-haiku-5-5' },
      body: '{"model":"claude-haiku-5-5","messages":[{"role":"user","content":"Is it?"}]}',
      isTranslated: true,
      finish: async () => {
        release()
        await server.drain()
      },
      failNext: async (fault, calls) => server.setFaults([`any:1-${calls}=${FAULTS[fault]}`]),
      countCreates: async () => {
        const refused = server.firedFaults().filter(({ call, name }) => call === 'create' && !name.startsWith('accept'))
        return (await server.ledger()).batchesCreated + refused.length
      },
    }
  })

  afterEach(async () => {
    await server.close()
    await rm(folder, { recursive: true })
  })

  it.each(CONFORMANCE_CASES)('$name', async (conformance) => {
    await expect(conformance.run(subject)).resolves.toBeUndefined()
  })
})
