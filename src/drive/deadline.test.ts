import { describe, expect, it } from 'vitest'
import { deadlineFrom, parseDeadline } from './deadline.ts'

const NOW = Date.UTC(2026, 10, 23, 8)
const MINUTE = 60_000

describe('a deadline as it is written', () => {
  it.each([
    ['20h', { afterMs: 1_200 * MINUTE }],
    ['90s', { afterMs: 90_000 }],
    ['2026-11-24T08:00Z', { at: Date.UTC(2026, 10, 24, 8) }],
    ['2026-11-24T08:00:30+02:00', { at: Date.UTC(2026, 10, 24, 6, 0, 30) }],
    ['none', 'none'],
  ])('%s is understood', (text, wish) => {
    expect(parseDeadline(text)).toEqual(wish)
  })

  it.each(['', '20', '0h', '-2h', 'tomorrow', '2026-11-24', '2026-11-24T08:00', '2026-13-24T08:00Z', 'None'])(
    '%j is not',
    (text) => {
      expect(parseDeadline(text)).toBeUndefined()
    },
  )
})

describe('winding up', () => {
  it.each([
    ['20h', 15],
    ['1h', 15],
    ['20m', 5],
    ['4m', 1],
  ])('begins before a deadline of %s by %i minutes', (text, minutes) => {
    const deadline = deadlineFrom(parseDeadline(text) ?? 'none', NOW, 15 * MINUTE)
    expect((deadline?.at ?? 0) - (deadline?.windUpAt ?? 0)).toBe(minutes * MINUTE)
  })

  it('is not needed without a deadline', () => {
    expect(deadlineFrom('none', NOW, 15 * MINUTE)).toBeNull()
  })

  it.each([0, -1])('cannot begin in the past', (offsetMs) => {
    expect(() => deadlineFrom({ at: NOW + offsetMs }, NOW, MINUTE)).toThrow(/is over/)
  })
})
