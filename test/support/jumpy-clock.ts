import { type Clock, systemClock } from '../../src/lib/clock.ts'

/** The machine's clock as a sleeping laptop or a person sets it: the wall time jumps, the monotonic one does not. */
export function jumpyClock(offsetMs = 0): Clock & { jump(milliseconds: number): void } {
  let offset = offsetMs
  return {
    now: () => systemClock.now() + offset,
    monotonic: () => systemClock.monotonic(),
    sleep: (milliseconds, signal) => systemClock.sleep(milliseconds, signal),
    jump(milliseconds) {
      offset += milliseconds
    },
  }
}
