import { expect, it } from 'vitest'
import { sampleAttempt } from '../../../test/support/run-records.ts'
import type { AttemptRecord } from '../../store/port/attempt.ts'
import { throughputOf } from './throughput.ts'

const BEGUN = 1_000_000
const RUN = { createdAt: BEGUN, finishedAt: null, state: 'running' } as const

function ended(seconds: number, requestCount: number, parts: Partial<AttemptRecord> = {}): AttemptRecord {
  return sampleAttempt({ stage: 'collected', endedAt: BEGUN + seconds * 1_000, requestCount, ...parts })
}

it('counts requests in the piece of time in which their batch ended, in pieces that people read well', () => {
  const attempts = [ended(30, 100), ended(59, 20), ended(3_500, 7), ended(70, 9, { kind: 'carried' }), sampleAttempt()]
  const { ended: pieces, pieceMs, startAt } = throughputOf(RUN, attempts, BEGUN + 3_600_000)
  expect([startAt, pieceMs, pieces.length]).toEqual([BEGUN, 60_000, 61])
  expect(pieces.flatMap((count, piece) => (count === 0 ? [] : [[piece, count]]))).toEqual([
    [0, 120],
    [58, 7],
  ])
})

it('has few pieces for a run of weeks, and none before a batch has ended', () => {
  const weeks = throughputOf(RUN, [ended(90_000, 5)], BEGUN + 400 * 86_400_000)
  expect(weeks.ended.length).toBeLessThanOrEqual(120)
  expect(weeks.ended.reduce((sum, count) => sum + count, 0)).toBe(5)
  expect(throughputOf(RUN, [sampleAttempt()], BEGUN + 5).ended).toEqual([])
})
