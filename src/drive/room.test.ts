import { describe, expect, it } from 'vitest'
import { mergeSettings } from '../config/merge-settings.ts'
import type { WaitingQueue } from '../store/port/run.ts'
import { canSend } from './room.ts'

const NOW = 1_000
const SETTINGS = mergeSettings(
  { limits: { maxOpenBatches: 5 }, models: { 'openai/narrow': { limits: { maxOpenBatches: 1 } } } },
  {},
)

function queue(parts: Partial<WaitingQueue>, model = 'wide'): WaitingQueue {
  const target = { provider: 'openai', endpoint: '/v1/chat/completions', model }
  return { target, unsentAt: NOW, open: 0, shortOfRoom: 0, ...parts }
}

describe('a run with planned batches', () => {
  it.each<[string, boolean, readonly WaitingQueue[]]>([
    ['may send one where fewer are open than the settings allow', true, [queue({ open: 4 })]],
    ['may not where as many are open', false, [queue({ open: 5 })]],
    [
      'may not where as many are open of all targets together',
      false,
      [queue({}), queue({ unsentAt: null, open: 5 }, 'b')],
    ],
    ['may not before the first of them is due', false, [queue({ unsentAt: NOW + 1 })]],
    ['may not where two wait for room in the queue of their target', false, [queue({ open: 2, shortOfRoom: 2 })]],
    ['may send one of another target then', true, [queue({ open: 2, shortOfRoom: 2 }), queue({}, 'b')]],
    ['may not above the limit of a model', false, [queue({ open: 1 }, 'narrow')]],
    ['has nothing to send where none is planned', false, [queue({ unsentAt: null })]],
  ])('%s', (_, expected, queues) => {
    expect(canSend(SETTINGS, { queues }, NOW)).toBe(expected)
  })
})
