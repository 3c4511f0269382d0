import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CONFORMANCE_CASES, type ConformanceSubject } from '../../src/providers/conformance.ts'
import { adapterFor } from '../support/adapter.ts'
import type { HttpServer } from '../support/http-server.ts'
import { LoopbackProvider } from '../support/loopback-provider.ts'

describe.each(['openai', 'mistral'] as const)('the adapter of %s', (name) => {
  let server: HttpServer
  let subject: ConformanceSubject

  beforeEach(async () => {
    const loopback = new LoopbackProvider(name)
    server = await loopback.start()
    subject = {
      provider: adapterFor(name, server.origin),
      target: { provider: name, endpoint: '/v1/chat/completions', model: 'small-1' },
      body: '{"model":"small-1","messages":[{"role":"user","content":"Is it?"}]}',
      finish: async (id) => loopback.finish(id),
      failNext: async (fault, calls) => loopback.failNext(fault, calls),
      countCreates: async () => loopback.creates,
    }
  })

  afterEach(() => server.close())

  it.each(CONFORMANCE_CASES)('$name', async (conformance) => {
    await expect(conformance.run(subject)).resolves.toBeUndefined()
  })
})
