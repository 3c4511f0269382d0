import type { Clock } from '../lib/clock.ts'
import { findTelemetryApi, forceFlush } from './find-api.ts'
import { Sitting, type SittingOptions } from './sitting.ts'

/** True once it was said that the API is missing. */
let isMissingTold = false

/**
 * Begins to tell of a run where an SDK of OpenTelemetry is set up in this process; null where none is. `warn` hears, once
 * for a process, that one is and cannot be used.
 */
export async function beginSitting(options: SittingOptions, warn: (message: string) => void): Promise<Sitting | null> {
  try {
    const api = await findTelemetryApi()
    return api && (await Sitting.begin(api, options))
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    if (!isMissingTold) warn(MISSING)
    isMissingTold = true
    return null
  }
}

const MISSING =
  'OpenTelemetry is set up in this process, but @opentelemetry/api is not installed beside llm-batch, so nothing is traced; install it there'

/** How long the end of a command waits for what was told to reach its receiver. */
const FLUSH_MS = 10_000

/**
 * Has everything that was told so far sent, where an SDK that can do so is set up; for a command that is about to end.
 * Rejects where that fails; what takes longer than ten seconds is left.
 */
export async function flushTelemetry(clock: Clock): Promise<void> {
  const sent = new AbortController()
  const flushing = forceFlush().finally(() => sent.abort())
  await Promise.race([flushing, clock.sleep(FLUSH_MS, sent.signal)])
}
