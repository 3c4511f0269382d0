import type { Target } from '../model/target.ts'
import { nameWithoutDate } from '../prices/snapshot.ts'
import { factsOf } from '../providers/known.ts'

/** Input tokens that may wait for a target's model in this tier, from 1 to 5; null where that is not known. */
export function tierTokens({ model, provider }: Target, tier: number): number | null {
  const { queueTiers } = factsOf(provider)
  const name = [model, nameWithoutDate(model)].find((known) => Object.hasOwn(queueTiers, known))
  return name === undefined ? null : (queueTiers[name]?.[tier - 1] ?? null)
}
