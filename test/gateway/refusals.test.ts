import { once } from 'node:events'
import { request } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import { Mistral } from '@mistralai/mistralai'
import { expect, it } from 'vitest'
import { typeHere } from '../support/command.ts'
import { chatBody, openGateway, post } from '../support/gateway.ts'
import { answerJson, startHttpServer } from '../support/http-server.ts'
import { openWorld } from '../support/local-world.ts'

const MODEL = 'gpt-6-luna'

it('the gateway refuses what it cannot take with the reason, in the provider’s own shape', async () => {
  const world = await openWorld()
  const { url } = await openGateway(world)
  const chat = `${url}/v1/chat/completions`
  const refusals = [
    [await post(chat, 'not JSON'), 400, 'not_batchable', /not a JSON object/],
    [await post(chat, { messages: [] }), 400, 'not_batchable', /names no model/],
    [await post(chat, { ...chatBody('s'), stream: true }), 400, 'not_batchable', /streaming.*--pass/],
    [await post(`${url}/v1/audio/speech`, { model: MODEL }), 400, 'not_batchable', /do not take calls to/],
    [await fetch(`${url}/v1/files`), 400, 'not_batchable', /do not take GET/],
    [await post(chat, chatBody('r'), { 'x-llm-batch-run': '../run' }), 400, 'invalid_run_name', /at most 100/],
    [await fetch(`${url}/v1/responses/resp_aaaa-2026-11-29_${'x'.repeat(43)}`), 404, 'not_found', /no call of this id/],
    [await fetch(`${url}/v1/calls/nothing`), 404, 'not_found', /no call of this id/],
    [await post(chat, chatBody('o'), { origin: 'http://evil.example' }), 403, 'foreign_host', /this machine only/],
  ] as const
  for (const [answer, status, code, message] of refusals) {
    expect(await answer.json()).toMatchObject({
      error: { code, message: expect.stringMatching(message), type: 'invalid_request_error' },
    })
    expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([status, 'false'])
  }
  expect(await statusOf(chat, { host: 'rebound.example' })).toBe(403)
  expect(await statusOf(chat, { 'content-length': '67108865' })).toBe(413)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
})

/** Of a request with headers that `fetch` does not let a program choose. */
async function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const sent = request(url, { method: 'POST', headers })
  sent.on('error', () => undefined)
  sent.flushHeaders()
  if (headers['content-length'] === undefined) sent.end()
  const [response] = await once(sent, 'response')
  sent.destroy()
  return response.statusCode
}

it('the gateway needs a token for other machines, and takes it as a key', async () => {
  const world = await openWorld()
  const refused = await typeHere(world, 'gateway', '--address', '0.0.0.0', '--port', '0')
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/no token.*LLM_BATCH_GATEWAY_TOKEN/s)])
  expect((await typeHere(world, 'runs')).stdout).toContain('There are no runs here yet')
  const { url } = await openGateway(world, { token: 'long-token-of-a-test' })
  const models = async (headers: Readonly<Record<string, string>>) =>
    (await fetch(`${url}/v1/models`, { headers })).status
  expect(await models({})).toBe(401)
  expect(await models({ authorization: 'Bearer long-token-of-another' })).toBe(401)
  expect(await models({ authorization: 'Bearer long-token-of-a-test' })).toBe(200)
  expect(await models({ 'x-api-key': 'long-token-of-a-test' })).toBe(200)
})

it('the gateway sends what batches do not take with its own key where that is allowed, and shows no key', async () => {
  const upstream = await startHttpServer(({ headers, path }, response) =>
    answerJson(response, path.endsWith('/models') ? 200 : 401, { seen: headers.authorization, path }),
  )
  const world = await openWorld()
  const environment = { ...world.environment, OPENAI_BASE_URL: `${upstream.origin}/v1` }
  const { url } = await openGateway(world, { isPassing: true, parts: { environment } })
  const mine = { authorization: 'Bearer key-of-the-client' }
  const streamed = await post(`${url}/v1/chat/completions`, { ...chatBody('s'), stream: true }, mine)
  expect([streamed.status, await streamed.json()]).toEqual([401, { seen: 'Bearer ***', path: '/v1/chat/completions' }])
  expect(await (await fetch(`${url}/v1/models`)).json()).toEqual({ seen: 'Bearer ***', path: '/v1/models' })
  expect((await fetch(`${url}/v1/files?limit=2`)).status).toBe(401)
  const authorizations = upstream.received.map(({ headers }) => headers.authorization)
  expect(new Set(authorizations)).toEqual(new Set([`Bearer ${world.environment['OPENAI_API_KEY']}`]))
  await upstream.close()
})

it('the gateway speaks to the clients of Mistral and Anthropic in their own words', async () => {
  const world = await openWorld()
  const mistral = new Mistral({ apiKey: 'any', serverURL: (await openGateway(world, { provider: 'mistral' })).url })
  const ask = (content: string) =>
    mistral.chat.complete({ model: 'mistral-small-latest', messages: [{ role: 'user', content }] })
  expect((await ask('nonce:m1')).choices[0]?.message?.content).toEqual(expect.any(String))
  await expect(ask('[[simulate: status=400]] nonce:m2')).rejects.toMatchObject({ statusCode: 400 })
  const claude = new Anthropic({ apiKey: 'any', baseURL: (await openGateway(world, { provider: 'anthropic' })).url })
  const message = {
    model: 'claude-haiku-4-5',
    max_tokens: 100,
    messages: [{ role: 'user' as const, content: 'nonce:c1' }],
  }
  expect(await claude.messages.create(message)).toMatchObject({ type: 'message', content: [{ type: 'text' }] })
  await expect(claude.messages.create({ ...message, stream: true })).rejects.toMatchObject({
    status: 400,
    error: { type: 'error', error: { message: expect.stringMatching(/streaming/) } },
  })
  expect(await world.server.ledger()).toMatchObject({ rowsBilledAgain: 0 })
})
