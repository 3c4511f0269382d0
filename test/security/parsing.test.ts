import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { createTransport } from '../../src/providers/http.ts'
import { createOpenAIProvider } from '../../src/providers/openai/adapter.ts'
import { decodeResultLine } from '../../src/providers/openai-shape/result-line.ts'
import { adapterFor } from '../support/adapter.ts'
import { answersPath, finish, readAnswers, SHORT_WAITS, startIn } from '../support/fault-run.ts'
import { startHttpServer } from '../support/http-server.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { newRunIn, openPlace } from '../support/open-place.ts'

const never = (): AbortSignal => new AbortController().signal

/** JSON that nests so deep that a parser that calls itself runs out of stack. */
function deep(levels: number): string {
  return `${'['.repeat(levels)}${']'.repeat(levels)}`
}

const ENDPOINTS = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/embeddings',
  '/v1/moderations',
  '/v1/ocr',
  '/v1/audio/transcriptions',
]

/** Result lines of a hostile or broken server: deep wherever something can be. */
function deepLines(levels: number): readonly string[] {
  const nested = deep(levels)
  const lineOf = (body: string): string => `{"custom_id":"b1","response":{"status_code":200,"body":${body}}}`
  return [
    lineOf(`{"choices":[{"message":{"content":${nested}},"finish_reason":${nested}}]}`),
    lineOf(`{"output":${nested},"status":"completed"}`),
    lineOf(`{"data":[{"embedding":${nested}}],"results":[${nested}],"pages":${nested}}`),
    `{"custom_id":"b1","response":{"status_code":400,"body":{"error":${nested}}},"error":${nested}}`,
    `{"custom_id":${nested}}`,
    nested,
  ]
}

describe('a result line', () => {
  it.each(ENDPOINTS)(
    'of %s that nests 20,000 levels deep is decoded as something unusable, and nothing is thrown',
    (endpoint) => {
      for (const line of deepLines(20_000)) {
        expect(decodeResultLine(line, endpoint, [])?.outcome.status ?? 'unreadable').not.toBe('succeeded')
      }
    },
  )

  it.each(ENDPOINTS)('of %s is decoded without throwing, whatever it is, and changes no prototype', (endpoint) => {
    const value = fc.jsonValue()
    const key = fc.constantFrom(
      '__proto__',
      'constructor',
      'prototype',
      'custom_id',
      'response',
      'error',
      'body',
      'choices',
    )
    const object = fc.array(fc.tuple(key, value)).map((entries) => {
      const members = entries.map(([name, member]) => `${JSON.stringify(name)}:${JSON.stringify(member)}`)
      return `{"custom_id":"b1","response":{"status_code":200,"body":{${members.join(',')}}},${members.join(',') || '"x":1'}}`
    })
    fc.assert(
      fc.property(fc.oneof(fc.string(), object), (line) => {
        decodeResultLine(line, endpoint, [])
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
    )
  })

  it('that is longer than a line may be is counted and left out; the others are kept', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const workspace = await openPlace(world, {
      connect: async () =>
        createOpenAIProvider({
          apiKey: 'sk-test-openai-0123456789',
          baseUrl: world.server.openaiUrl,
          transport: createTransport({
            apiOrigin: world.server.url,
            clock: systemClock,
            environment: {},
            idleTimeoutMs: 5_000,
          }),
          clock: systemClock,
          random: systemRandom,
          maxLineBytes: 3_300,
        }),
    })
    // The simulated model repeats the nonce, so the answer to the long question just does not fit any more.
    const rows = ['short', 'x'.repeat(3_000)].map((nonce) => JSON.stringify({ text: `nonce:${nonce}` })).join('\n')
    const { handle } = await newRunIn(world, workspace, 'openai', `${rows}\n`)
    const { report } = await handle.drive()
    handle.close()
    await workspace.close()
    expect(report.counts).toMatchObject({ succeeded: 1, missing: 1 })
    expect(report.incidents).toMatchObject([{ kind: 'unreadable_lines' }])
    expect((await world.server.ledger()).batches).toHaveLength(1)
  })
})

describe('an input row', () => {
  async function answersTo(world: LocalWorld, rows: string, prompt: string) {
    const { run } = await finish(await startIn(world, 'openai', rows, { prompt }))
    expect(run.state).toBe('completed')
    return await readAnswers(world)
  }

  it.each([
    ['kept as it is', '{{text}}'],
    ['put into the prompt', '{{text}} {{nested}}'],
  ])('that nests 20,000 levels deep is %s', async (_, prompt) => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const row = `{"text":"one nonce:deep","nested":${deep(20_000)}}`
    expect(await answersTo(world, `${row}\n`, prompt)).toMatchObject([{ llm_status: 'succeeded' }])
    expect(await readFile(answersPath(world), 'utf8')).toContain(deep(20_000))
  })

  it('with columns named like parts of every object keeps them as columns and changes no prototype', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const row = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"text":"one"}'
    await answersTo(world, `${row}\n`, '{{text}} {{__proto__}}')
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    expect(await readFile(answersPath(world), 'utf8')).toContain('{"__proto__":{"polluted":true},"constructor":')
  })
})

describe('an answer of the provider', () => {
  it.each(['openai', 'mistral'] as const)(
    'at %s that is compressed is never inflated, so that none can swell',
    async (name) => {
      const bomb = gzipSync(Buffer.alloc(50_000_000, ' '))
      const server = await startHttpServer((_, response) =>
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb),
      )
      onTestFinished(() => server.close())
      const provider = adapterFor(name, server.origin)
      await expect(provider.get('batch_1', never())).rejects.toMatchObject({ failure: { kind: 'shape' } })
      const pieces = provider.read({ id: 'file-1', role: 'output' }, never())[Symbol.asyncIterator]()
      await expect(pieces.next()).rejects.toThrow(/coded as gzip, which llm-batch did not ask for/)
      for (const { headers } of server.received) expect(headers['accept-encoding']).toBe('identity')
    },
  )

  it.each(['openai', 'mistral'] as const)('at %s that nests deep is refused as another shape', async (name) => {
    const server = await startHttpServer((_, response) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`{"id":${deep(50_000)},"data":${deep(50_000)}}`),
    )
    onTestFinished(() => server.close())
    const provider = adapterFor(name, server.origin)
    await expect(provider.get('batch_1', never())).rejects.toMatchObject({ failure: { kind: 'shape' } })
    expect(await provider.list(new Date(0), never())).toMatchObject({ isConclusive: false })
  })
})
