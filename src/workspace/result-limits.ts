import type { ResultLimits } from '../collect/ports.ts'
import { limitsInForce, maxResultBytesInForce, type Settings } from '../config/settings.ts'
import { textBytes, usualResultBytes } from '../plan/disk-space.ts'
import type { Limits } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'

/** What is foreseen is an estimate: answers may be long, or come with the probabilities of their tokens. */
const TIMES_FORESEEN = 16

/** Below this no result file is suspicious. */
const LEAST_BYTES = 2 ** 30

/**
 * How long a result file of a batch may become: many times what `plan` foresees for it, or what the user's own
 * `limits.maxResultBytes` says. A true answer is never that long, and a file that is longer all the same is held, not lost.
 */
export function resultLimitsOf(
  settings: Settings,
  { mostOutputTokens, requestCount, target }: Pick<AttemptRecord, 'mostOutputTokens' | 'requestCount' | 'target'>,
  given: Limits,
): ResultLimits {
  const { model, provider } = target
  const granted = maxResultBytesInForce(settings, provider, model)
  const vectors = limitsInForce(settings, provider, model, given).maxOutputBytes ?? 0
  const foreseen = Math.max(usualResultBytes(requestCount), textBytes(mostOutputTokens ?? 0), vectors / 4)
  return {
    untoldBytes: granted ?? Math.max(LEAST_BYTES, TIMES_FORESEEN * foreseen),
    grantedBytes: granted ?? 0,
  }
}
