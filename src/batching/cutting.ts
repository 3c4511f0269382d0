import { limitsInForce } from '../config/settings.ts'
import type { Target } from '../model/target.ts'
import { type LoadOf, USUAL_LOAD, vectorLoad } from '../plan/request-load.ts'
import type { CutLimits } from '../plan/splitter.ts'
import type { TokenCounter } from '../plan/tokens.ts'
import type { RunStore } from '../store/store.ts'
import { batchShare, believedLimits } from '../submit/admission.ts'
import type { RunContext } from '../workspace/context.ts'
import { queueLimitsOf } from '../workspace/queue-limits.ts'

/** Ports of cutting the requests of a target. */
export type CuttingPorts = Pick<RunContext, 'clock' | 'counters' | 'provider' | 'settings'> & {
  /** Null where nothing is remembered, as when a plan is only shown. */
  readonly store: Pick<RunStore, 'queueBelief' | 'tokenRate'> | null
}

/** Rules for counting and cutting the requests of a target. */
export interface Cutting {
  readonly limits: CutLimits
  /** Counts tokens before calibration. */
  readonly counter: TokenCounter
  /** What a line takes of its batch besides bytes and tokens. */
  readonly loadOf: LoadOf
  /** Makes a calibrated number of the counter's. */
  readonly rate: number
}

/** How a target is cut: by its limits, what refusals have taught, and its tokenizer. */
export async function cuttingOf(ports: CuttingPorts, target: Target): Promise<Cutting> {
  const { clock, counters, provider, settings, store } = ports
  const given = limitsInForce(settings, target.provider, target.model, provider.limits(target))
  const loadOf =
    given.vectorLength === null ? (): typeof USUAL_LOAD => USUAL_LOAD : vectorLoad(target.provider, given.vectorLength)
  const belief = (await store?.queueBelief(target)) ?? null
  const queue = believedLimits(queueLimitsOf(settings, target, provider.limits(target)), belief, clock.now())
  const tokens = queue.tokens === null ? null : batchShare(queue.tokens)
  const requests = queue.requests === null ? null : batchShare(queue.requests)
  const counter = counters.of(target)
  const rate = (await store?.tokenRate(target, counter.method)) ?? 1
  return { limits: { ...given, queueTokens: tokens, queueRequests: requests }, counter, loadOf, rate }
}
