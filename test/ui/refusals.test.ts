import { once } from 'node:events'
import { request } from 'node:http'
import { expect, it } from 'vitest'
import { start } from '../support/command.ts'
import { openWorld } from '../support/local-world.ts'
import { openUi } from '../support/ui.ts'

it('the page’s server lets in who shows its token, and nothing that another page or host name could send', async () => {
  const world = await openWorld()
  const { openUrl, token, url } = await openUi(world)
  const session = `${url}/api/session`

  // The printed address moves its token into a cookie that no script can read, and out of the address.
  const first = await fetch(openUrl, { redirect: 'manual' })
  expect([first.status, first.headers.get('location')]).toEqual([303, '/'])
  const cookie = first.headers.get('set-cookie') ?? ''
  expect(cookie).toBe(`llm-batch-ui-${new URL(url).port}=${token}; Path=/; HttpOnly; SameSite=Strict`)
  const shown = { cookie: cookie.split(';')[0] ?? '' }
  expect(token.length).toBeGreaterThan(40)
  expect(await statusOf(session, shown)).toBe(200)
  expect(await statusOf(session, { authorization: `Bearer ${token}` })).toBe(200)

  const REFUSED: readonly (readonly [Readonly<Record<string, string>>, number, string])[] = [
    [{}, 401, 'unauthorized'],
    [{ cookie: `llm-batch-ui-1=${token}` }, 401, 'unauthorized'],
    [{ cookie: `${shown.cookie}x` }, 401, 'unauthorized'],
    [{ authorization: 'Bearer wrong' }, 401, 'unauthorized'],
    [{ ...shown, host: 'rebound.example' }, 403, 'foreign_host'],
    [{ ...shown, host: '10.0.0.1' }, 403, 'foreign_host'],
    [{ ...shown, origin: 'http://evil.example' }, 403, 'foreign_origin'],
    [{ ...shown, origin: 'null' }, 403, 'foreign_origin'],
    [{ ...shown, origin: 'http://127.0.0.1:1' }, 403, 'foreign_origin'],
    [{ ...shown, 'sec-fetch-site': 'cross-site' }, 403, 'foreign_origin'],
    [{ ...shown, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' }, 403, 'foreign_origin'],
  ]
  for (const [headers, status, code] of REFUSED) {
    const answer = await answerTo(session, headers)
    expect([headers, answer.status, answer.body]).toEqual([
      headers,
      status,
      { error: { code, message: expect.any(String), next: expect.any(String) } },
    ])
  }
  expect(await statusOf(session, { ...shown, origin: url, 'sec-fetch-site': 'same-origin' })).toBe(200)
  // A link to the page is followed, and shows nothing to the page that it is on.
  expect(
    await statusOf(`${url}/`, { ...shown, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }),
  ).not.toBe(403)
  expect(await statusOf(`${url}/?token=wrong`, {})).toBe(401)

  const { headers } = await fetch(session, { headers: shown })
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/)
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*|http/)
  expect(Object.fromEntries(headers)).toMatchObject({
    'cache-control': 'no-store',
    'content-type': 'application/json; charset=utf-8',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })

  const post = { method: 'POST', body: 'x'.repeat(70_000), headers: shown }
  expect((await fetch(session, post)).status).toBe(413)
  expect((await fetch(`${url}/api/runs/last/cancel`, { ...post, body: '{"confirm":true}' })).status).toBe(403)
  for (const path of [
    '/api/nothing',
    '/../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/page/../../package.json',
  ]) {
    expect([path, await statusOf(`${url}${path}`, shown)]).toEqual([path, 404])
  }
})

it('`llm-batch ui` prints an address that opens, refuses a port that is taken, and ends with Ctrl-C', async () => {
  const world = await openWorld()
  const command = start(world, ['ui', '--port', '0'])
  const shown = await command.shows('Stop with Ctrl-C')
  const [address = ''] = /http:\/\/\S+/.exec(shown) ?? []
  const { port } = new URL(address)
  expect((await fetch(address)).status).toBe(401)
  expect((await fetch(address, { redirect: 'manual' })).status).toBe(303)
  const taken = start(world, ['ui', '--port', port])
  expect(await taken.ended).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/port \d+ of 127.0.0.1 cannot be used/),
  })
  command.process.kill('SIGINT')
  expect((await command.ended).code).toBe(0)
})

async function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return (await answerTo(url, headers)).status
}

/** An answer to headers that `fetch` does not let a program choose. */
async function answerTo(url: string, headers: Readonly<Record<string, string>>) {
  const sent = request(url, { headers })
  sent.end()
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const bytes of response) text += String(bytes)
  const isJson = String(response.headers['content-type']).startsWith('application/json')
  return { status: response.statusCode as number | undefined, body: isJson ? (JSON.parse(text) as unknown) : text }
}
