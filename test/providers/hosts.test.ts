import { expect, it, onTestFinished } from 'vitest'
import { systemRandom } from '../../src/lib/random.ts'
import { createHostProvider } from '../../src/providers/hosts/adapter.ts'
import type { HostProfile } from '../../src/providers/hosts/profile.ts'
import { HOST_PROFILES } from '../../src/providers/hosts/profiles.ts'
import { createTransport } from '../../src/providers/http.ts'
import { impatientClock, KEY, registeredAdapter } from '../support/adapter.ts'
import { answerJson, startHttpServer } from '../support/http-server.ts'
import { serverForTest } from '../support/local-server.ts'
import { PATIENCE } from '../support/patience.ts'
import { HOST_ROWS } from './host-rows.ts'

const CHAT = '/v1/chat/completions'

it('every profile has its row', () => {
  expect(HOST_ROWS.map(({ name }) => name)).toEqual(HOST_PROFILES.map(({ name }) => name))
})

it('a word of the host for the state of a batch means what its profile says, in any letter case', async () => {
  const server = await startHttpServer((_request, response) =>
    answerJson(response, 200, { id: 'batch_1', status: 'ON_ITS_WAY', endpoint: '/v1/chat/completions' }),
  )
  onTestFinished(() => server.close())
  const [profile] = HOST_PROFILES
  if (profile === undefined) throw new Error('there are no profiles')
  const got = async (statuses: HostProfile['statuses'] = {}) => {
    const transport = createTransport({
      apiOrigin: server.origin,
      clock: impatientClock,
      idleTimeoutMs: 60_000,
      environment: {},
    })
    const options = { apiKey: KEY, baseUrl: server.origin, transport, clock: impatientClock, random: systemRandom }
    return await createHostProvider({ ...profile, statuses }, options).get('batch_1', new AbortController().signal)
  }
  expect(await got()).toMatchObject({ status: 'in_progress', isStatusUnknown: true })
  expect(await got({ on_its_way: 'finalizing' })).toMatchObject({ status: 'finalizing', isStatusUnknown: false })
})

it.each(HOST_ROWS)(
  'the word of $name for a batch at work is known',
  async ({ name, model, endpoint = CHAT, peculiarities }) => {
    const server = await serverForTest({ peculiarities, faults: ['run=stuck(0.5)'] })
    const provider = await registeredAdapter(name, `${server.url}/v1`)
    const target = { provider: name, endpoint, model }
    const asked = [{ role: 'user', content: 'Is it?' }]
    const line = provider.encode({
      wireId: 'b000000000000001',
      target,
      body: JSON.stringify({ model, messages: asked, input: asked }),
    })
    const { signal } = new AbortController()
    const open = async function* () {
      yield Buffer.from(line)
    }
    const stored = await provider.store?.({ name: 'rows.jsonl', bytes: Buffer.byteLength(line), open }, signal)
    const { id } = await provider.create({ target, metadata: {}, windowHours: null }, { id: stored?.id ?? '' }, signal)
    await expect.poll(async () => (await provider.get(id, signal)).status, PATIENCE).toBe('in_progress')
    expect(await provider.get(id, signal)).toMatchObject({ status: 'in_progress', isStatusUnknown: false })
  },
)
