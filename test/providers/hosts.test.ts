import { expect, it, onTestFinished } from 'vitest'
import { systemRandom } from '../../src/lib/random.ts'
import { createHostProvider } from '../../src/providers/hosts/adapter.ts'
import type { HostProfile } from '../../src/providers/hosts/profile.ts'
import { HOST_PROFILES } from '../../src/providers/hosts/profiles.ts'
import { createTransport } from '../../src/providers/http.ts'
import { impatientClock, KEY } from '../support/adapter.ts'
import { answerJson, startHttpServer } from '../support/http-server.ts'
import { HOST_ROWS } from './host-rows.ts'

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
