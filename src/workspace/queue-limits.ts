import { limitsInForce, type Settings } from '../config/settings.ts'
import type { Target } from '../model/target.ts'
import { tierTokens } from '../plan/queue-tiers.ts'
import type { Limits } from '../providers/provider.ts'
import type { QueueLimits } from '../submit/admission.ts'

/**
 * What may wait at the provider for a target's model before anything was learnt: what the user configured, else what the
 * adapter documents, else what the table says of the tier that the user named.
 */
export function queueLimitsOf(settings: Settings, target: Target, given: Limits): QueueLimits {
  const limits = limitsInForce(settings, target.provider, target.model, given)
  const tier = settings.tiers[target.provider]
  return {
    tokens: limits.queueTokens ?? (tier === undefined ? null : tierTokens(target, tier)),
    requests: limits.queueRequests,
    requestsPer: limits.queueRequestsPer,
  }
}
