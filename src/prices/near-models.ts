import { nearMatches } from '../lib/near-match.ts'
import type { Target } from '../model/target.ts'
import { contextWindowOf, MODELS_WITH_WINDOW } from './context-windows.ts'
import { findPrice } from './cost.ts'
import { PRICES } from './table.ts'

/** Models without a price or a window here whose names are near to those of others. */
const FURTHER: Readonly<Record<string, readonly string[]>> = {
  mistral: ['magistral-small-latest', 'magistral-medium-latest', 'codestral-latest', 'codestral-embed'],
}

/**
 * Known models that a mistyped name may have meant, as `provider/model`; none for a name that is known here, or that
 * differs in digits only, as another version does.
 */
export function nearModels({ model, provider }: Pick<Target, 'model' | 'provider'>): readonly string[] {
  const known = new Set([
    ...[...PRICES, ...MODELS_WITH_WINDOW].filter((one) => one.provider === provider).map((one) => one.model),
    ...(FURTHER[provider] ?? []),
  ])
  const isKnown =
    known.has(model) || findPrice(provider, model) !== null || contextWindowOf({ model, provider }) !== null
  if (isKnown) return []
  return nearMatches(model, [...known])
    .filter((near) => withoutDigits(near) !== withoutDigits(model))
    .map((near) => `${provider}/${near}`)
}

function withoutDigits(name: string): string {
  return name.replaceAll(/[\d.]/g, '')
}
