import type { Plan, PlannedNetworkFault, ProviderName } from './plan.ts'
import { Chance } from './world/chance.ts'

/** How often a seed is one of each of the newer providers; the two usual ones share the rest. */
const SHARE = 0.15

/** Calls that a provider has, of those that trouble is put on, the create above all. */
const CALLS = {
  anthropic: ['create', 'create', 'get', 'list', 'content'],
  gemini: ['upload', 'create', 'create', 'get', 'list', 'content', 'file', 'delete'],
} as const

type NewerProvider = keyof typeof CALLS

/** What is more likely where nothing but likeness tells whose a batch is: a create without an answer. */
const LOST_CREATES = [
  'create:1=accept-then-reset',
  'create:2=accept-then-500',
  'create:1-2=accept-then-hang',
  'create:1=reset',
  'create:1=delayed(5000)',
  'create:1=delayed(20000)',
  'create:1=accept-then-429',
] as const

/**
 * Lets some seeds be at Anthropic or Gemini, with what can strike there. Drawn apart, so that all other seeds stay what they
 * were. `drawRule` draws a fault for a call.
 */
export function atProvider(plan: Plan, seed: number, drawRule: (chance: Chance, call: string) => string): Plan {
  const chance = new Chance(seed ^ 0x906f)
  const provider = newerProvider(chance.fraction())
  if (provider === null) return plan
  const faults = plan.faults.map((rule) => (canStrike(rule, provider) ? rule : drawFitting(chance, provider, drawRule)))
  const isCounted = provider === 'anthropic'
  return {
    ...plan,
    provider,
    faults: isCounted && chance.happens(0.4) ? [...faults, chance.pick(LOST_CREATES)] : faults,
    network: plan.network.map((fault) => fitted(chance, provider, fault)),
    twin: isCounted && chance.happens(0.3) ? chance.pick([plan.maxRequests, 1 + chance.below(plan.maxRequests)]) : null,
  }
}

function newerProvider(fraction: number): NewerProvider | null {
  if (fraction < SHARE) return 'anthropic'
  return fraction < 2 * SHARE ? 'gemini' : null
}

/**
 * False for a fault that does not fit the provider: of a call that it does not have; of a queue that is full, which both tell
 * by a 429 to the create; of a name that Gemini does not repeat, because a batch has no other mark there; and of a batch that
 * goes on only when it is cancelled, because at Anthropic the client cancels none before its answers tell whose it is.
 */
function canStrike(rule: string, provider: ProviderName): boolean {
  if (rule.includes('queue-full')) return false
  if (provider === 'gemini') return !/^create:.*metadata-dropped/.test(rule)
  return !/^(?:upload|file|delete):|stuck/.test(rule)
}

function drawFitting(
  chance: Chance,
  provider: NewerProvider,
  drawRule: (chance: Chance, call: string) => string,
): string {
  for (;;) {
    const rule = drawRule(chance, chance.pick(CALLS[provider]))
    if (canStrike(rule, provider)) return rule
  }
}

function fitted(chance: Chance, provider: NewerProvider, fault: PlannedNetworkFault): PlannedNetworkFault {
  const calls: readonly string[] = CALLS[provider]
  return fault.call === 'direct' || calls.includes(fault.call)
    ? fault
    : { ...fault, call: chance.pick(CALLS[provider]) }
}
