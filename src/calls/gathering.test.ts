import { expect, it } from 'vitest'
import type { Clock } from '../lib/clock.ts'
import { Gathering } from './gathering.ts'

/** A clock whose sleepers wake when the test moves it. */
function handClock() {
  let now = 0
  let sleepers: { readonly until: number; readonly wake: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: (milliseconds) => new Promise((wake) => sleepers.push({ until: now + milliseconds, wake })),
  }
  const move = async (to: number): Promise<void> => {
    now = to
    const due = sleepers.filter(({ until }) => until <= to)
    sleepers = sleepers.filter(({ until }) => until > to)
    for (const { wake } of due) wake()
    await new Promise(setImmediate)
  }
  return { clock, move }
}

const WAITER = { endpoint: '/v1/embeddings', answer: () => undefined, fail: () => undefined }

function gathering(limits: { readonly calls?: number; readonly bytes?: number } = {}) {
  const { clock, move } = handClock()
  const taken: number[] = []
  const gathered = new Gathering(clock, { idleMs: 100, calls: 10, bytes: 1_000, ...limits }, () =>
    taken.push(gathered.take().size),
  )
  const add = (id: string) => gathered.add(id, { endpoint: '/v1/embeddings', body: '{"input":"x"}' }, WAITER)
  return { add, move, taken }
}

it('calls are sent when none has come for a while', async () => {
  const { add, move, taken } = gathering()
  add('a')
  await move(90)
  add('b')
  await move(100)
  expect(taken).toEqual([])
  await move(190)
  expect(taken).toEqual([2])
})

it('calls that come without a pause are sent when the first of them has waited for long', async () => {
  const { add, move, taken } = gathering({ calls: 1_000, bytes: 100_000 })
  for (let at = 0; at < 1_500; at += 50) {
    await move(at)
    add(`call ${at}`)
  }
  expect(taken).toEqual([])
  await move(1_500)
  expect(taken).toEqual([30])
})

it('calls are sent at once when there are enough of them', () => {
  const { add, taken } = gathering({ calls: 3 })
  for (const id of ['a', 'b', 'c', 'd']) add(id)
  expect(taken).toEqual([3])
})
