import { expect, it, onTestFinished } from 'vitest'
import { adapterFor } from '../../test/support/adapter.ts'
import { ENGINES } from '../../test/support/engines.ts'
import { answerJson, startHttpServer } from '../../test/support/http-server.ts'
import { batchOf, createRun, TARGET } from '../../test/support/stored-run.ts'
import { mergeSettings } from '../config/merge-settings.ts'
import { systemClock } from '../lib/clock.ts'
import { systemRandom } from '../lib/random.ts'
import { pollBatch } from './poll.ts'

const AT_WORK = {
  id: 'batch_1',
  object: 'batch',
  status: 'in_progress',
  input_file_id: 'file_1',
  created_at: 1_763_900_000,
}

it('a webhook that comes while the provider is asked leaves the batch due, and the next look is planned as usual', async () => {
  const [engine] = ENGINES
  const home = await engine!.make()
  const store = await home.open()
  let comesMeanwhile = true
  const server = await startHttpServer(async (_, response) => {
    const webhook = { sender: 'A_SECRET', id: 'one', providers: [TARGET.provider], batchIds: ['batch_1'] }
    if (comesMeanwhile) await store.wake(webhook)
    answerJson(response, 200, AT_WORK)
  })
  onTestFinished(async () => {
    await server.close()
    await store.close()
    await home.remove()
  })
  const { store: run } = await createRun(store, home.folder)
  const key = await run.addBatch(batchOf([0]))
  const now = systemClock.now()
  const attempt = await run.moveAttempt(key, 'planned', 'submitted', { remoteId: 'batch_1', nextAt: now })
  const ports = {
    store: run,
    provider: adapterFor('openai', server.origin),
    clock: systemClock,
    random: systemRandom,
    settings: mergeSettings({ waits: { poll: '72h' } }, {}),
    emit: () => undefined,
  }
  const round = { isShortOfRoom: false, signal: new AbortController().signal }
  await pollBatch(ports, attempt, round)
  const woken = await run.currentAttempt(attempt.batchKey)
  expect(woken).toMatchObject({ nextAt: now - 1, polls: 1, remoteStatus: 'in_progress' })
  comesMeanwhile = false
  await pollBatch(ports, woken, round)
  expect((await run.currentAttempt(attempt.batchKey)).nextAt).toBeGreaterThan(now + 3_600_000)
})
