import { once } from 'node:events'
import { expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import type {
  CompareAnswer,
  CompareDone,
  LiveEvents,
  RemoteAnswer,
  RunList,
  RunSummary,
} from '../../src/ui/contract.ts'
import { typeHere } from '../support/command.ts'
import { heldClock } from '../support/held-clock.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { type OpenedUi, openUi } from '../support/ui.ts'

type Event = { [Name in keyof LiveEvents]: { name: Name; data: LiveEvents[Name] } }[keyof LiveEvents]

/** The events of the server as they come. */
async function* eventsOf(ui: OpenedUi, signal: AbortSignal): AsyncGenerator<Event, void> {
  const answer = await ui.ask('/api/live', { accept: 'text/event-stream' })
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  signal.addEventListener('abort', () => void reader?.cancel())
  let text = ''
  for (;;) {
    const read = await reader?.read()
    if (!read || read.done) return
    text += read.value
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, name = '', data = ''] = /event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? []
      text = text.slice(end + 2)
      yield { name, data: JSON.parse(data) } as Event
    }
  }
}

/** The first run that is told and fits. */
async function runThat(events: AsyncGenerator<Event, void>, fits: (run: RunSummary) => boolean): Promise<RunSummary> {
  for (;;) {
    const { value } = await events.next()
    if (!value) throw new Error('the events have ended')
    if (value.name === 'trouble') throw new Error(value.data.error.message)
    if (value.name === 'run' && fits(value.data)) return value.data
  }
}

/** The first run that is told to be gone. */
async function removedRun(events: AsyncGenerator<Event, void>): Promise<string> {
  for await (const event of events) if (event.name === 'removed') return event.data.id
  throw new Error('the events have ended')
}

async function start(world: LocalWorld, name: string, model: string, ...words: readonly string[]): Promise<void> {
  const input = await world.write('rows.jsonl', questions(30))
  const run = ['run', input, '--model', model, '--prompt', '{{text}}', '--id-column', 'id', '--name', name, '--yes']
  const ended = await typeHere(world, ...run, '--max-requests', '10', ...words, '-o', `${input}-${name}.jsonl`)
  if (ended.code !== 0 && ended.code !== 75) throw new Error(ended.stderr)
}

it('tells pages that listen how a run goes on and ends, and ends itself with the server', async () => {
  const world = await openWorld()
  await start(world, 'one', 'openai/gpt-6-luna', '--no-wait')
  const sleep: Clock['sleep'] = (milliseconds, signal) => systemClock.sleep(Math.min(milliseconds, 50), signal)
  const ui = await openUi(world, { parts: { clock: { ...systemClock, sleep } } })
  const leaving = new AbortController()
  const [first, second] = [eventsOf(ui, leaving.signal), eventsOf(ui, new AbortController().signal)]
  for (const events of [first, second]) {
    expect((await events.next()).value).toMatchObject({ name: 'hello', data: { version: expect.any(String) } })
    expect(await runThat(events, () => true)).toMatchObject({ name: 'one', state: 'paused', doneRows: 0, rows: 30 })
  }
  await typeHere(world, 'resume', 'one', '--quiet')
  const ended = await runThat(first, ({ state }) => state === 'completed')
  expect(ended).toMatchObject({ doneRows: 30, failedRows: 0, batches: { collected: 3 }, nextLookAt: null })
  leaving.abort()
  expect(await first.next()).toMatchObject({ done: true })

  await start(world, 'two', 'openai/gpt-6.1-terra', '--no-wait')
  const { id } = await runThat(second, ({ name }) => name === 'two')
  await typeHere(world, 'runs', 'rm', id, '--force')
  expect(await removedRun(second)).toBe(id)
  await ui.close()
  expect(await second.next()).toMatchObject({ done: true })
})

it('tells of a run that has begun and ended between two of its looks', async () => {
  const world = await openWorld()
  const { clock, release } = heldClock()
  const resting = new AbortController()
  const sleep: Clock['sleep'] = (milliseconds, signal) => {
    resting.abort()
    return clock.sleep(milliseconds, signal)
  }
  const ui = await openUi(world, { parts: { clock: { ...systemClock, sleep } } })
  const events = eventsOf(ui, new AbortController().signal)
  expect((await events.next()).value).toMatchObject({ name: 'hello' })
  if (!resting.signal.aborted) await once(resting.signal, 'abort')
  await start(world, 'short', 'openai/gpt-6-luna')
  release()
  expect(await runThat(events, () => true)).toMatchObject({ name: 'short', state: 'completed', doneRows: 30 })
})

it('compares two runs on the rows that both have, and lists what providers have and no run knows', async () => {
  const world = await openWorld({
    answer: (body, { model }) => {
      const number = Number(/nonce:q-(\d+)/.exec(JSON.stringify(body))?.[1])
      return model === 'gpt-6-luna' && number % 10 === 3 ? 'small <b>other</b>' : 'same'
    },
  })
  await start(world, 'small', 'openai/gpt-6-luna')
  await start(world, 'large', 'openai/gpt-6.1-terra')
  const ui = await openUi(world)
  const compared = await answered(ui, '/api/compare?a=small&b=large&limit=2')
  expect(compared).toMatchObject({
    joinedBy: 'place',
    rows: 30,
    pendingRows: 0,
    differentRows: 3,
    bothAnsweredRows: 30,
    equalRows: 27,
    accuracy: null,
    runs: [
      { name: 'small', model: 'gpt-6-luna', answeredRows: 30, aloneRows: 0 },
      { name: 'large', model: 'gpt-6.1-terra', answeredRows: 30 },
    ],
  })
  expect(compared.runs[0].costUsd).toBeLessThan(compared.runs[1].costUsd ?? 0)
  expect(
    compared.differences.map(({ answers, id, rows }) => [id, rows, answers.map((answer) => answer?.text)]),
  ).toEqual([
    ['q3', [3, 3], ['small <b>other</b>', 'same']],
    ['q13', [13, 13], ['small <b>other</b>', 'same']],
  ])
  const right = await answered(ui, '/api/compare?a=large&b=small&gold=text')
  expect(right.accuracy).toMatchObject({ rows: 30, right: [0, 0], better: null })
  const same = await ui.ask('/api/compare?a=small&b=small')
  expect([same.status, await same.json()]).toMatchObject([400, { error: { code: 'usage' } }])

  const other = await openUi({ ...world, environment: { ...world.environment, LLM_BATCH_HOME: `${world.home}-2` } })
  const remote = await other.get<RemoteAnswer>('/api/remote?provider=openai')
  expect(remote.providers).toMatchObject([{ provider: 'openai', doubts: [], failure: null }])
  expect(remote.providers[0]?.batches.map(({ isOurs, requests }) => [isOurs, requests])).toEqual(
    Array.from({ length: 6 }, () => [true, 10]),
  )
  expect((await ui.get<RemoteAnswer>('/api/remote?provider=openai')).providers[0]?.batches).toEqual([])
})

async function answered(ui: OpenedUi, path: string): Promise<CompareDone> {
  for (;;) {
    const answer = await ui.get<CompareAnswer>(path)
    if (answer.state === 'done') return answer
  }
}

it('tells how full the queue is that a run waits for', async () => {
  const { clock } = heldClock()
  const models = { 'openai/gpt-6-luna': { limits: { queueTokens: 400 } } }
  const world = await openWorld({ clock, config: { models } })
  await start(world, 'one', 'openai/gpt-6-luna', '--no-wait')
  const ui = await openUi(world)
  const { runs } = await ui.get<RunList>('/api/runs')
  const [queue] = runs[0]?.queues ?? []
  expect(queue).toMatchObject({ provider: 'openai', model: 'gpt-6-luna', limitTokens: 400, limitRequests: null })
  expect(queue?.usedTokens).toBeGreaterThan(0)
  expect(queue?.usedTokens).toBeLessThanOrEqual(400)
  expect(queue?.waitingBatches).toBe(runs[0]?.batches.waiting)
  expect(runs[0]?.notes[0]?.text).toMatch(/^waiting for quota: /)
})
