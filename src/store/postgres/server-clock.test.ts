import { expect, it } from 'vitest'
import { sharedPostgres } from '../../../test/support/postgres.ts'
import { type Clock, systemClock } from '../../lib/clock.ts'
import { HOUR_MS } from '../../lib/duration.ts'
import { ServerClock } from './server-clock.ts'
import { Sessions } from './sessions.ts'

/** The clock of a machine that is three hours ahead. */
const AHEAD: Clock = { ...systemClock, now: () => systemClock.now() + 3 * HOUR_MS }

it('is the same on a machine whose own clock is hours ahead', async () => {
  const sessions = new Sessions({ url: await sharedPostgres(), schema: 'public' })
  const clock = new ServerClock(AHEAD)
  expect(clock.now() - systemClock.now()).toBeGreaterThan(HOUR_MS)
  await clock.compare(sessions)
  await sessions.close()
  // The server runs on this machine.
  expect(Math.abs(clock.now() - systemClock.now())).toBeLessThan(HOUR_MS)
})
