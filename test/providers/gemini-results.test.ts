import { beforeAll, describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/model/outcome.ts'
import { CHAT_ENDPOINT } from '../../src/model/target.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { describeProvider } from '../../src/providers/registry.ts'

const TARGET = { provider: 'gemini', endpoint: CHAT_ENDPOINT, model: 'gemini-3.8-flash' }
const USAGE = {
  promptTokenCount: 10,
  cachedContentTokenCount: 4,
  candidatesTokenCount: 5,
  thoughtsTokenCount: 7,
  totalTokenCount: 22,
}

let gemini: Provider
beforeAll(async () => {
  gemini = await describeProvider('gemini')
})

function outcomeOf(line: object, target = TARGET): Outcome | undefined {
  return gemini.decode(JSON.stringify({ key: 'b1', ...line }), target)?.outcome
}

function answered(candidate: object | null, more: object = {}): Outcome | undefined {
  const candidates = candidate === null ? {} : { candidates: [candidate] }
  return outcomeOf({ response: { ...candidates, usageMetadata: USAGE, modelVersion: 'gemini-3.8-flash', ...more } })
}

function says(...parts: readonly object[]): { readonly content: object } {
  return { content: { role: 'model', parts } }
}

describe('a result line of gemini', () => {
  it('is an answer without the thoughts before it, with everything that was counted', () => {
    const parts = says({ text: 'Let me see.', thought: true }, { text: 'It ' }, { text: 'is.' })
    expect(answered({ ...parts, finishReason: 'STOP' })).toMatchObject({
      status: 'succeeded',
      output: 'It is.',
      finishReason: 'stop',
      billed: 'yes',
      model: 'gemini-3.8-flash',
      usage: { promptTokens: 10, completionTokens: 12, cachedTokens: 4, reasoningTokens: 7 },
    })
  })

  it('tells an answer that is empty from one that is cut off, and from one that a filter stopped', () => {
    expect(answered({ content: { role: 'model' }, finishReason: 'STOP' })).toMatchObject({
      status: 'failed',
      code: 'empty_answer',
      billed: 'yes',
    })
    expect(answered({ ...says({ text: 'It i' }), finishReason: 'MAX_TOKENS' })).toMatchObject({
      status: 'truncated',
      output: 'It i',
      finishReason: 'length',
    })
    // All tokens went into thoughts.
    expect(answered({ content: {}, finishReason: 'MAX_TOKENS' })).toMatchObject({ status: 'truncated', output: null })
    for (const finishReason of ['SAFETY', 'RECITATION', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY']) {
      expect(answered({ finishReason })).toMatchObject({ status: 'refused', code: 'content_filter', billed: 'yes' })
    }
    expect(answered(null, { promptFeedback: { blockReason: 'SAFETY' } })).toMatchObject({
      status: 'refused',
      code: 'content_filter',
    })
    expect(answered(null)).toMatchObject({ status: 'failed', code: 'empty_answer' })
  })

  it('keeps an ending of another kind in its own word, as a failure', () => {
    expect(answered({ content: {}, finishReason: 'MALFORMED_FUNCTION_CALL' })).toMatchObject({
      status: 'failed',
      code: 'MALFORMED_FUNCTION_CALL',
      billed: 'yes',
    })
  })

  it('gives calls of tools as chat answers do, with what the model wants back', () => {
    const part = { functionCall: { name: 'look_up', args: { word: 'ant' } }, thoughtSignature: 'c2ln' }
    const outcome = answered({ ...says(part), finishReason: 'STOP' })
    expect(outcome).toMatchObject({ status: 'succeeded', finishReason: 'tool_calls' })
    expect(JSON.parse(outcome?.output ?? '')).toEqual([
      {
        id: 'call_0',
        type: 'function',
        function: { name: 'look_up', arguments: '{"word":"ant"}' },
        extra_content: { google: { thought_signature: 'c2ln' } },
      },
    ])
  })

  it('gives several answers as a list, and a vector as itself', () => {
    const candidates = ['One', 'Two'].map((text) => ({ ...says({ text }), finishReason: 'STOP' }))
    expect(outcomeOf({ response: { candidates } })).toMatchObject({ output: '["One","Two"]', isJson: true })
    const target = { ...TARGET, endpoint: '/v1/embeddings', model: 'gemini-embedding-001' }
    expect(outcomeOf({ response: { embedding: { values: [0.5, -1] }, tokenCount: '3' } }, target)).toMatchObject({
      status: 'succeeded',
      output: '[0.5,-1]',
      usage: { promptTokens: 3 },
    })
  })

  it.each([
    [
      { code: 3, message: 'bad' },
      { status: 'failed', code: 'INVALID_ARGUMENT', billed: 'no', retryable: false },
    ],
    [
      { code: 8, message: 'full' },
      { status: 'failed', code: 'RESOURCE_EXHAUSTED', billed: 'no', retryable: true },
    ],
    [
      { code: 13, message: 'oops' },
      { status: 'failed', code: 'INTERNAL', billed: 'no', retryable: true },
    ],
    [
      { code: 503, message: 'busy', status: 'UNAVAILABLE' },
      { status: 'failed', code: 'UNAVAILABLE', billed: 'no', retryable: true },
    ],
    [
      { code: 1, message: 'The batch was cancelled.' },
      { status: 'cancelled', billed: 'no' },
    ],
  ])('with the error %o is judged by its code', (error, expected) => {
    expect(outcomeOf({ error })).toMatchObject(expected)
    expect(outcomeOf({ status: error })).toMatchObject(expected)
  })

  it('of another shape is a failure of which nobody knows whether it was billed', () => {
    expect(outcomeOf({ response: 'x' })).toMatchObject({ status: 'failed', code: 'bad_shape', billed: 'unknown' })
    expect(outcomeOf({})).toMatchObject({ status: 'failed', code: 'bad_shape', billed: 'unknown' })
  })
})
