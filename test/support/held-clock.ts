import { type Clock, systemClock } from '../../src/lib/clock.ts'

/** The machine's clock, on which some waits last until a test lets them end. */
export interface HeldClock {
  readonly clock: Clock
  /** Ends the held waits; from now on waits are as long as on the machine. */
  readonly release: () => void
}

/** The argument of a fault of the local server that lasts until its clock is released; longer than any test. */
export const UNTIL_RELEASED = 86_400_000

/**
 * A clock for a local server that must not go on before something else has happened, however slow the machine. It stands
 * still until it is released, so that no batch leaves its first phase.
 */
export function heldClock(): HeldClock {
  const released = new AbortController()
  const startedAt = systemClock.now()
  const isHeld = (): boolean => !released.signal.aborted
  return {
    clock: {
      ...systemClock,
      now: () => (isHeld() ? startedAt : systemClock.now()),
      sleep: (waitMs, signal) => (isHeld() ? asLongAs(released.signal, signal) : systemClock.sleep(waitMs, signal)),
    },
    release: () => released.abort(),
  }
}

/** The same, which goes as the machine's does until a test holds it. */
export function clockToHold(): HeldClock & { readonly hold: () => void } {
  let held: HeldClock = { clock: systemClock, release: () => undefined }
  return {
    clock: {
      ...systemClock,
      now: () => held.clock.now(),
      sleep: (waitMs, signal) => held.clock.sleep(waitMs, signal),
    },
    hold: () => {
      held = heldClock()
    },
    release: () => held.release(),
  }
}

/** The machine's clock, but what a fault delays `UNTIL_RELEASED` is delayed until then. */
export function heldFaults(): HeldClock {
  const released = new AbortController()
  return {
    clock: {
      ...systemClock,
      sleep: (waitMs, signal) =>
        waitMs === UNTIL_RELEASED ? asLongAs(released.signal, signal) : systemClock.sleep(waitMs, signal),
    },
    release: () => released.abort(),
  }
}

async function asLongAs(released: AbortSignal, signal: AbortSignal | undefined): Promise<void> {
  await systemClock.sleep(UNTIL_RELEASED, AbortSignal.any(signal ? [released, signal] : [released]))
}
