import type { Plan } from './plan.ts'
import { Chance } from './world/chance.ts'

/** How often a seed has a deadline, and how often one that is at Anthropic primes its cache. */
const SHARES = { deadline: 0.08, primed: 0.25 } as const

/** How long batches work where a deadline is to find them late, and how long they take to be cancelled, in milliseconds. */
const LATE = { runMs: [20_000, 60_000], cancelMs: [20, 700, 3_000] } as const

/** How soon after a deadline has begun to cancel a run its user does so as well, where they do. */
const CANCELLED_WITHIN_MS = 6_000

/** Steps of a run before its tail begins, roughly; some crashes are to come then. */
const STEPS_BEFORE_TAIL = 150

/**
 * Lets some seeds have a deadline after which the rest is asked directly, with batches that are late, and lets some of those
 * at Anthropic prime its cache. Drawn apart, so that all other seeds stay what they were. `drawCall` draws a fault for a
 * synchronous call. No deadline for rows that are appended, which have no tail; no cache where a long beginning would cost
 * more than the cap.
 */
export function atDeadline(
  plan: Plan,
  seed: number,
  drawCall: (chance: Chance) => Pick<Plan, 'faults' | 'network'>,
): Plan {
  const chance = new Chance(seed ^ 0x7a11)
  const isPrimed = chance.happens(SHARES.primed) && plan.provider === 'anthropic' && plan.capUsd === null
  const primed = isPrimed ? primedPlan(plan, 1 + chance.below(2)) : plan
  if (!chance.happens(SHARES.deadline) || plan.portions !== null) return primed
  const durations = { ...plan.durations, runMs: chance.pick(LATE.runMs), cancelMs: chance.pick(LATE.cancelMs) }
  const { faults, network } = chance.happens(0.6) ? drawCall(chance) : { faults: [], network: [] }
  const step = STEPS_BEFORE_TAIL + chance.below(STEPS_BEFORE_TAIL)
  const kind = chance.pick(['death', 'power loss'] as const)
  const deadlineMs = chance.pick([30_000, 45_000, 90_000])
  const cancelMs = deadlineMs / 2 + chance.below(CANCELLED_WITHIN_MS)
  return {
    ...primed,
    deadlineMs,
    cancelAfterMs: plan.cancelAfterMs === null ? null : cancelMs,
    durations,
    faults: [...plan.faults, ...faults],
    network: [...plan.network, ...network],
    crashes: chance.happens(0.4) ? [...plan.crashes, { step, kind }] : plan.crashes,
  }
}

/**
 * The same rows with long beginnings. None of them is to come back without an id: in a batch of one request, as those that
 * prime are, nothing would then tell whose it is, and a person who had to decide before it was listed would buy it again.
 */
function primedPlan(plan: Plan, beginnings: number): Plan {
  const { earlier, prompts } = plan
  return {
    ...plan,
    beginnings,
    prompts: prompts.map(withId),
    earlier: earlier && { ...earlier, prompts: earlier.prompts.map(withId) },
  }
}

function withId(prompt: string): string {
  return prompt.replace(/^\[\[simulate: (?:missing|garbled)\]\] /, '')
}
