import { backoffMs } from '../lib/backoff.ts'
import { type Call, reactionTo } from '../model/failure.ts'
import { ProviderError } from '../providers/provider.ts'
import type { ProcessorContext } from './processor-context.ts'

type Ports = Pick<ProcessorContext, 'clock' | 'log' | 'random' | 'waits'>

/** Repeats of a failed call before its step counts as failed: with the default waits, about 75 seconds. */
export const MOST_REPEATS = 4

/**
 * Makes a call that may be repeated, and repeats it where the failure may pass (throttled, server, network), with
 * growing waits. Throws the last `ProviderError`. Not for creates.
 */
export async function repeatCall<Value>(
  ports: Ports,
  call: Exclude<Call, 'create'>,
  attempt: () => Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  for (let count = 0; ; count += 1) {
    try {
      return await attempt()
    } catch (error) {
      const mayPass = error instanceof ProviderError && reactionTo(error.failure, call) === 'wait'
      if (!mayPass || count >= MOST_REPEATS || signal?.aborted) throw error
      ports.log(`${error.message}; trying again`)
      await waitAfter(ports, error, count, signal)
    }
  }
}

/** Waits after failure number `count` (from 0): as long as the provider asks, else growing. */
export async function waitAfter(
  { clock, random, waits }: Omit<Ports, 'log'>,
  { failure }: ProviderError,
  count: number,
  signal?: AbortSignal,
): Promise<void> {
  const waitMs = failure.retryAfterMs ?? backoffMs(waits.retryBackoff, count, random.fraction())
  await clock.sleep(waitMs, signal)
}
