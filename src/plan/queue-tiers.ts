import type { Target } from '../model/target.ts'

/** Input tokens that may wait for a model, by usage tier. */
interface TierRow {
  readonly provider: string
  /** The model's name, and dated ones that begin with it. */
  readonly model: string
  /** By tier from 1 to 5; null where nobody has written it down. */
  readonly tokens: readonly [number | null, number | null, number | null, number | null, number | null]
  readonly source: string
  readonly asOf: string
}

/**
 * What has been published of OpenAI's batch queue limits. They differ from account to account and change often, so the
 * table counts only where the user names a tier, and what the provider itself says in a refusal wins over it.
 */
const TIERS: readonly TierRow[] = [
  {
    provider: 'openai',
    model: 'gpt-5.6-luna',
    tokens: [5e6, 20e6, 40e6, 1e9, 15e9],
    source: "OpenAI's page on the model, a stored copy",
    asOf: '2026',
  },
]

/** What may wait for a target's model in this tier; null where the table does not say. */
export function tierTokens({ model, provider }: Target, tier: number): number | null {
  const row = TIERS.find((one) => one.provider === provider && isSameModel(model, one.model))
  return row?.tokens[tier - 1] ?? null
}

/** `gpt-5.6-luna-2026-07-20` is `gpt-5.6-luna`; `gpt-5.6-luna-pro` is another model. */
function isSameModel(model: string, name: string): boolean {
  return model === name || (model.startsWith(`${name}-`) && /^\d{4}-\d{2}-\d{2}$/.test(model.slice(name.length + 1)))
}
