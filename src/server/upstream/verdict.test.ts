import { describe, expect, it } from 'vitest'
import type { UpstreamReply } from './upstream.ts'
import { verdictOf } from './verdict.ts'

function answered(status: number, body: unknown, retryAfterMs: number | null = null): UpstreamReply {
  return { kind: 'answered', status, text: typeof body === 'string' ? body : JSON.stringify(body), retryAfterMs }
}

const PAGE = '<html>Bad Gateway</html>'
const ERROR = { error: { message: 'Busy.', code: 'busy' } }

describe('what a reply of a model server says about a request', () => {
  it.each([
    ['an answer', answered(200, { choices: [] }), 'answered'],
    ['another status of success', answered(201, { choices: [] }), 'answered'],
    ['a refusal', answered(400, ERROR), 'answered'],
    ['a model that is not there', answered(404, '404 page not found'), 'answered'],
    ['a redirect', answered(307, ''), 'answered'],
    ['an empty account', answered(429, { error: { code: 'insufficient_quota' } }), 'answered'],
    ['no connection', { kind: 'unreached', reason: 'ECONNREFUSED' } as const, 'refused'],
    ['a rate limit', answered(429, 'slow down', 2_000), 'refused'],
    ['a model that loads', answered(503, ERROR), 'refused'],
    ['a full server that says when to come back', answered(503, PAGE, 1_000), 'refused'],
    ['a page of a gateway', answered(503, PAGE), 'uncertain'],
    ['a server error', answered(500, ERROR), 'uncertain'],
    ['a bad gateway', answered(502, PAGE), 'uncertain'],
    ['a gateway that waited in vain', answered(504, PAGE), 'uncertain'],
    ['a request that took too long', answered(408, ERROR), 'uncertain'],
    ['an answer that is not JSON', answered(200, PAGE), 'uncertain'],
    ['an answer that is a list', answered(200, []), 'uncertain'],
    ['a connection that was cut', { kind: 'lost', reason: 'socket hang up' } as const, 'uncertain'],
  ])('%s', (_, reply, kind) => {
    expect(verdictOf(reply).kind).toBe(kind)
  })

  it('keeps what was said, how long to wait, and puts a page in the form of an error', () => {
    expect(verdictOf(answered(429, ERROR, 2_000))).toMatchObject({
      waitMs: 2_000,
      answer: { status: 429, body: ERROR },
    })
    expect(verdictOf(answered(404, 'no  such\npage'))).toMatchObject({
      status: 404,
      body: { error: { message: 'The server of the model answered with 404: no such page' } },
    })
    expect(verdictOf(answered(502, PAGE))).toMatchObject({ reason: `it answered with 502: ${PAGE}` })
  })
})
