import type { HttpAnswer } from './exchange.ts'

const HTML = '<html><head><title>error</title></head><body>Something went wrong.</body></html>'

/** Answers with status 200 other than a batch, by the names of the server's own faults. */
const STRANGE: Readonly<Record<string, string>> = {
  'half-json': '{"id":"batch_1","object":"bat',
  'empty-answer': '',
  'html-answer': HTML,
  'other-object': '{"object":"model","id":"something-else"}',
  'no-id': '{"object":"batch","status":"validating"}',
  wrapped: '{"job":{"id":"batch_1","object":"batch","status":"validating"}}',
}

/**
 * What something between client and provider answers by itself: `status(503)` in the API's own shape, `html(502)` as a
 * page, `redirect`, or one of the strange ones with status 200.
 */
export function gatewayAnswer(name: string): HttpAnswer {
  const [, kind, status] = /^(\w[\w-]*?)(?:\((\d{3})\))?$/.exec(name) ?? []
  if (kind === 'status')
    return answerWith(Number(status), { error: { message: `answered ${status} on the way`, code: null } })
  if (kind === 'html') return answerWith(Number(status), HTML)
  if (kind === 'redirect') return { ...answerWith(307, ''), headers: { location: 'http://127.0.0.1:9/' } }
  const strange = STRANGE[name]
  if (strange === undefined) throw new Error(`nothing on the way answers ${name}`)
  return answerWith(200, strange)
}

function answerWith(status: number, body: string | object): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const headers = {
    'content-type': typeof body === 'string' && body.startsWith('<') ? 'text/html' : 'application/json',
  }
  return { status, headers: status === 429 ? { ...headers, 'retry-after': '1' } : headers, body: Buffer.from(text) }
}
