import { type EarlierRun, type Plan, promptOf } from './plan.ts'
import { Chance } from './world/chance.ts'

/** Wishes about how an answer keeps to the schema that was asked for. */
const FLAWS = [
  'invalid_json times=1',
  'invalid_json times=1',
  'invalid_json times=2',
  'invalid_json',
  'wrong_schema times=1',
  'wrong_schema',
  'fenced_json',
  'stray_json',
] as const

/** What a person may name in a retry; nothing for a plain one. */
const RETRIES = [
  [],
  ['truncated'],
  ['missing', 'expired'],
  ['failed', 'refused'],
  ['invalid'],
  ['cancelled', 'missing'],
] as const

/**
 * Lets some storms ask invalid answers again, share requests between rows, carry answers over from an earlier run, the last
 * two with other rows in other places, retry what they came to, or lose files that can be made again. Drawn apart, so that
 * the rest of a seed stays what it was.
 */
export function withAnswers(plan: Plan, seed: number): Plan {
  const chance = new Chance(seed ^ 0xa5c3)
  const reasks = chance.happens(0.2) ? 1 + chance.below(2) : null
  const isSharing = chance.happens(0.2)
  const hasEarlier = chance.happens(0.25)
  const flawed = reasks === null ? plan.prompts : plan.prompts.map((prompt, row) => withFlaw(chance, prompt, row))
  const prompts = isSharing ? flawed.map((prompt, row) => sharedPrompt(chance, flawed, prompt, row)) : flawed
  // Drawn apart as well.
  const later = new Chance(seed ^ 0x7e721)
  const retries = later.happens(0.25) ? [later.pick(RETRIES), ...(later.happens(0.3) ? [later.pick(RETRIES)] : [])] : []
  // A batch that is stuck ends by the one cancellation, after which it would be stuck for ever.
  const isStuck = plan.faults.some((rule) => rule.includes('stuck'))
  const faults = reasks !== null && chance.happens(0.25) ? [...plan.faults, laterBatchesExpire(chance)] : plan.faults
  return {
    ...plan,
    faults,
    reasks,
    isSharing,
    prompts,
    earlier: hasEarlier ? earlierRun(chance, prompts) : null,
    retries: isStuck ? [] : retries,
    isRotting: later.happens(0.15),
  }
}

/** Batches that ask again are late ones; where they are never executed, the rows keep what they had. */
function laterBatchesExpire(chance: Chance): string {
  const first = 2 + chance.below(3)
  return `run:${first}-${first + 5}=expire(0)`
}

function withFlaw(chance: Chance, prompt: string, row: number): string {
  return chance.happens(0.35) ? promptOf(row, chance.pick(FLAWS)) : prompt
}

function sharedPrompt(chance: Chance, prompts: readonly string[], prompt: string, row: number): string {
  return row > 0 && chance.happens(0.35) ? (prompts[chance.below(row)] ?? prompt) : prompt
}

/** Most of the rows, others besides, in another order. */
function earlierRun(chance: Chance, prompts: readonly string[]): EarlierRun {
  const gone = Array.from({ length: chance.below(4) }, (_, number) => `Say something else. nonce:gone-${number}`)
  const kept = prompts.filter(() => chance.happens(0.7))
  const mixed = [...kept, ...gone].map((prompt) => ({ prompt, place: chance.fraction() }))
  const rows = mixed.toSorted((one, other) => one.place - other.place).map(({ prompt }) => prompt)
  return { prompts: rows.length > 0 ? rows : ['Say nothing. nonce:gone-0'], isStruck: chance.happens(0.3) }
}
