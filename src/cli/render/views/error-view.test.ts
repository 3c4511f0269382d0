import { describe, expect, it } from 'vitest'
import { LlmBatchError } from '../../../model/error.ts'
import { type Failure, NotCreated, ProviderError } from '../../../providers/provider.ts'
import { colorsFor } from '../terminal/colors.ts'
import { renderError } from './error-view.ts'

const plain = colorsFor({}, {})

const failure: Failure = {
  kind: 'unauthorised',
  message: 'Incorrect API key\nprovided\x1b]8;;https://evil.example\x07',
  status: 401,
  code: 'invalid_api_key',
  requestId: 'req_1',
  retryAfterMs: null,
}

describe('a failure', () => {
  it('of a known kind is one line and the next step', () => {
    const error = new LlmBatchError('usage', 'out.jsonl exists already', { next: 'Use --force.' })
    expect(renderError(error, plain)).toBe('error: out.jsonl exists already\nnext: Use --force.\n')
  })

  it('without a next step is one line', () => {
    expect(renderError(new LlmBatchError('disk', 'disk full'), plain)).toBe('error: disk full\n')
  })

  it('of a call has the words of the provider, cleaned, and where to look', () => {
    expect(renderError(new ProviderError(failure), plain)).toBe(
      'error: Incorrect API key provided (HTTP 401, invalid_api_key, request req_1)\n' +
        'next: Check the API key in the environment, with: llm-batch doctor\n',
    )
  })

  it('of a call that never arrived has no empty brackets', () => {
    const unreached: Failure = {
      ...failure,
      kind: 'unreached',
      message: 'no route',
      status: null,
      code: null,
      requestId: null,
    }
    expect(renderError(new NotCreated(unreached), plain)).toMatch(/^error: no route\nnext: Check the network/)
  })

  it('for too many calls says how long to wait', () => {
    const throttled: Failure = { ...failure, kind: 'throttled', retryAfterMs: 90_000 }
    expect(renderError(new ProviderError(throttled), plain)).toContain('next: Wait 1m 30s,')
  })

  it('that was not foreseen keeps its stack and its cause', () => {
    const text = renderError(new TypeError('x is not a function', { cause: new Error('deeper') }), plain)
    expect(text).toMatch(/^bug: TypeError: x is not a function\n +at .*error-view\.test\.ts/)
    expect(text).toContain('deeper')
  })
})
