import { describe, expect, it } from 'vitest'
import { CHAT_ENDPOINT } from '../../src/model/target.ts'
import { NotCreated, Unknown } from '../../src/providers/provider.ts'
import { registeredAdapter } from '../support/adapter.ts'
import { serverForTest } from '../support/local-server.ts'

const TARGET = { provider: 'gemini', endpoint: CHAT_ENDPOINT, model: 'gemini-3.8-flash' }
const BODY = '{"messages":[{"role":"user","content":"Is it?"}]}'

describe('the adapter of gemini', () => {
  it('sends a long input in parts, and goes on where the server has come to', async () => {
    const server = await serverForTest({ faults: ['upload:3=reset'] })
    const provider = await registeredAdapter('gemini', server.geminiUrl)
    const line = Buffer.alloc(1_024 * 1_024, 'x')
    const bytes = 20 * line.length
    const open = async function* () {
      for (let pieces = 0; pieces < 20; pieces += 1) yield line
    }
    const { signal } = new AbortController()
    const stored = await provider.store?.({ name: 'llm-batch-long.jsonl', bytes, open }, signal)
    expect(stored).toMatchObject({ bytes, name: 'llm-batch-long.jsonl' })
    expect(server.firedFaults()).toHaveLength(1)
  })

  it('takes a 403 for absence only where it says that the file may not exist', async () => {
    const { signal } = new AbortController()
    const provider = await registeredAdapter('gemini', (await serverForTest()).geminiUrl)
    expect(await provider.file?.('nowhere', signal)).toBe('absent')
    const refusing = await serverForTest({ faults: ['any=status(403)'] })
    const denying = await registeredAdapter('gemini', refusing.geminiUrl)
    await expect(denying.file?.('nowhere', signal)).rejects.toMatchObject({ failure: { kind: 'forbidden' } })
    await expect(denying.discard?.('nowhere', signal)).rejects.toMatchObject({
      failure: { kind: 'forbidden' },
    })
  })

  it('knows a wrong key by its words, and that a model without batches stays one', async () => {
    const server = await serverForTest({ acceptedKeys: ['another'] })
    const { signal } = new AbortController()
    await expect((await registeredAdapter('gemini', server.geminiUrl)).get('b1', signal)).rejects.toMatchObject({
      failure: { kind: 'unauthorised' },
    })
    const provider = await registeredAdapter('gemini', (await serverForTest()).geminiUrl)
    const file = await provider.store?.(
      {
        name: 'a.jsonl',
        bytes: 2,
        open: async function* () {
          yield Buffer.from('{}')
        },
      },
      signal,
    )
    const batch = { target: { ...TARGET, model: 'no-such-model' }, metadata: {}, windowHours: null }
    const refused = await provider.create(batch, { id: file?.id ?? '' }, signal).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(NotCreated)
    expect(refused).toMatchObject({ failure: { kind: 'refused' } })
  })

  it('takes a full queue for a create of which nothing is known', async () => {
    const { geminiUrl } = await serverForTest({ queueTokens: 1 })
    const provider = await registeredAdapter('gemini', geminiUrl)
    const { signal } = new AbortController()
    const line = Buffer.from(`${provider.encode({ wireId: 'b000000000000001', target: TARGET, body: BODY })}\n`)
    const open = async function* () {
      yield line
    }
    const file = await provider.store?.({ name: 'a.jsonl', bytes: line.length, open }, signal)
    const batch = { target: TARGET, metadata: { llm_batch_nonce: 'n1' }, windowHours: null }
    const error = await provider.create(batch, { id: file?.id ?? '' }, signal).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Unknown)
    expect(error).toMatchObject({ failure: { kind: 'throttled' } })
  })
})
