import { describe, expect, it } from 'vitest'
import { sampleAttempt } from '../../test/support/run-records.ts'
import { lifetimeOf } from './lifetime.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const SENT = Date.UTC(2026, 10, 23, 8)
const LIMITS = { retentionDays: 30, windowHours: { default: 24, most: 168, canChoose: true } }

describe('the lifetime of a batch', () => {
  it.each([
    ['is open before it is sent', { stage: 'planned' }, null, { expiresAt: null, resultsUntil: null }],
    ['ends when the provider says so', { expiresAt: SENT + HOUR }, 48, { expiresAt: SENT + HOUR }],
    ['is counted from the hours asked for', { submittedAt: SENT }, 48, { expiresAt: SENT + 48 * HOUR }],
    ['is a day where nothing was asked for', { submittedAt: SENT }, null, { expiresAt: SENT + DAY }],
    [
      'begins when the provider made it',
      { submittedAt: SENT, remoteCreatedAt: SENT - HOUR },
      null,
      { expiresAt: SENT + 23 * HOUR },
    ],
    [
      'leaves results for as long as the provider keeps them',
      { stage: 'ended', submittedAt: SENT, endedAt: SENT + HOUR },
      null,
      { resultsUntil: SENT + HOUR + 30 * DAY },
    ],
    [
      'was over at its expiry, however late that was seen',
      { stage: 'held', submittedAt: SENT, endedAt: SENT + 9 * DAY },
      null,
      { resultsUntil: SENT + 31 * DAY },
    ],
    [
      'leaves nothing to fetch once all is here',
      { stage: 'collected', submittedAt: SENT, endedAt: SENT + HOUR },
      null,
      { resultsUntil: null },
    ],
  ] as const)('%s', (_, parts, timeoutHours, expected) => {
    expect(lifetimeOf(sampleAttempt(parts), LIMITS, timeoutHours)).toMatchObject(expected)
  })
})
