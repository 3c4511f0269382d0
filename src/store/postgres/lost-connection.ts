import { type Backoff, backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import { LlmBatchError } from '../../model/error.ts'

/**
 * States of Postgres in which a transaction did not take place and may be carried out again: connection exceptions (08),
 * a server that shuts down or starts (57P01 to 57P03), a session that idled in a transaction (25P03), too many connections
 * (53300), a deadlock or a conflict (40P01, 40001), a lock that was not to be had (55P03).
 */
const PASSING = /^(?:08...|57P0[123]|25P03|53300|40P01|40001|55P03)$/

/** The form of a code of Postgres (SQLSTATE). */
const SQL_STATE = /^[0-9A-Z]{5}$/

const RETRIES: Backoff = { firstMs: 100, factor: 2, mostMs: 5_000 }

/** A statement that failed because its connection did, or because the database could not carry it out just then. */
export class LostConnection extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** The same work; throws a `LostConnection` where it may be done once more. */
export async function lostly<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw mayPass(error) ? new LostConnection(error) : error
  }
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof TypeError) return false
  const code = 'code' in error ? String(error.code) : ''
  // Without a code of Postgres, it is the driver or the system that tells of the connection.
  return PASSING.test(code) || !SQL_STATE.test(code)
}

/** Does the work again while connections are lost. Throws `unreachable` where that lasts longer than `mostMs`. */
export async function untilConnected<Result>(
  clock: Clock,
  mostMs: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const since = clock.monotonic()
  for (let tries = 0; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof LostConnection)) throw error
      if (clock.monotonic() - since >= mostMs) {
        throw new LlmBatchError('unreachable', `the database of the home cannot be reached: ${error.message}`, {
          next: 'Nothing is lost. Check the database and its address, then run the same command again.',
          cause: error.cause,
        })
      }
      await clock.sleep(backoffMs(RETRIES, tries, 0.5))
    }
  }
}
