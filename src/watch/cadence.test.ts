import { expect, it } from 'vitest'
import { shortOfRoomMs } from './cadence.ts'

it('a batch in whose place another one waits is looked at after a part of its age, in whole milliseconds', () => {
  expect(shortOfRoomMs({ pollMs: 30 }, 500)).toBe(30)
  // A database takes no instant with a fraction.
  expect(shortOfRoomMs({ pollMs: 30 }, 1_000)).toBe(33)
})
