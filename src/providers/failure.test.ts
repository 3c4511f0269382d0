import { describe, expect, it } from 'vitest'
import { unanswered } from '../model/failure.ts'
import { creationError, failureOf, kindOf, retryAfterMs } from './failure.ts'
import { type FailureKind, NotCreated, ProviderError, Unknown } from './provider.ts'
import { type TransportResponse } from './transport.ts'

const NOW = Date.parse('2026-11-23T12:00:00Z')
const CONTEXT = { call: 'GET /batches', secrets: [], nowMs: NOW }

function response(status: number, headers: Record<string, string> = {}): TransportResponse {
  return { status, headers, body: (async function* () {})() }
}

describe('kindOf', () => {
  it.each<[number, FailureKind, FailureKind]>([
    [301, 'shape', 'shape'],
    [307, 'shape', 'shape'],
    [400, 'refused', 'shape'],
    [401, 'unauthorised', 'shape'],
    [402, 'forbidden', 'shape'],
    [403, 'forbidden', 'shape'],
    [404, 'absent', 'shape'],
    [408, 'server', 'server'],
    [409, 'server', 'server'],
    [413, 'refused', 'shape'],
    [422, 'refused', 'shape'],
    [429, 'throttled', 'throttled'],
    [500, 'server', 'server'],
    [503, 'server', 'server'],
    [524, 'server', 'server'],
  ])('reads %i as %s, or as %s where the API did not say it', (status, ours, theirs) => {
    expect(kindOf(status, true)).toBe(ours)
    expect(kindOf(status, false)).toBe(theirs)
  })
})

describe('failureOf', () => {
  it('keeps the words, the code and the ids of the API', () => {
    const headers = { 'x-request-id': 'req_1', 'retry-after': '20' }
    const body = '{"error":{"message":"Slow down","type":"requests","code":"rate_limit_exceeded"}}'
    expect(failureOf(response(429, headers), body, CONTEXT)).toEqual({
      kind: 'throttled',
      message: 'GET /batches was answered with 429: Slow down',
      status: 429,
      code: 'rate_limit_exceeded',
      requestId: 'req_1',
      retryAfterMs: 20_000,
    })
  })

  it('says where a redirect pointed', () => {
    const failure = failureOf(response(307, { location: 'https://other.example/x' }), '', CONTEXT)
    expect(failure.kind).toBe('shape')
    expect(failure.message).toMatch(/307: a redirect to https:\/\/other\.example\/x, which llm-batch does not follow/)
  })

  it.each(['<html>404</html>', '', 'null', '[]', '"no"', '{"object":"page"}', '{"error":null}'])(
    'does not take a 404 with %j for an absence',
    (body) => {
      expect(failureOf(response(404), body, CONTEXT).kind).toBe('shape')
    },
  )
})

describe('retryAfterMs', () => {
  it.each<[Record<string, string>, number | null]>([
    [{}, null],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': ' 1.5 ' }, 1_500],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after': 'Mon, 23 Nov 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Mon, 23 Nov 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': 'Mon, 23 Nov 2026 13:00:30 GMT', date: 'Mon, 23 Nov 2026 13:00:00 GMT' }, 30_000],
    [{ 'retry-after': '3600' }, 3_600_000],
    [{ 'retry-after': '86400' }, 3_600_000],
    [{ 'retry-after': `1${'0'.repeat(400)}` }, 3_600_000],
    [{ 'retry-after': 'Tue, 01 Jan 2999 00:00:00 GMT' }, 3_600_000],
    [{ 'retry-after-ms': '1e400' }, 3_600_000],
    [{ 'retry-after-ms': 'Infinity' }, 3_600_000],
    [{ 'retry-after-ms': 'NaN', 'retry-after': '9' }, 9_000],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': 'soon' }, null],
  ])('reads %j as %s', (headers, expected) => {
    expect(retryAfterMs(headers, NOW)).toBe(expected)
  })
})

describe('creationError', () => {
  it.each<[FailureKind, typeof NotCreated | typeof Unknown]>([
    ['unreached', NotCreated],
    ['unauthorised', NotCreated],
    ['forbidden', NotCreated],
    ['absent', NotCreated],
    ['refused', NotCreated],
    ['transport', Unknown],
    ['throttled', Unknown],
    ['server', Unknown],
    ['shape', Unknown],
  ])('turns %s into what it proves', (kind, expected) => {
    const cause = new ProviderError(unanswered(kind, 'x'))
    const error = creationError(cause)
    expect(error).toBeInstanceOf(expected)
    expect(error).toMatchObject({ failure: { kind }, cause })
  })

  it('takes anything unexpected for a batch that may exist', () => {
    expect(creationError(new TypeError('bug'))).toBeInstanceOf(Unknown)
  })
})
