import { nearMatches } from '../lib/near-match.ts'
import type { Target } from '../model/target.ts'
import { factsOf } from '../providers/known.ts'
import { contextWindowOf } from './context-windows.ts'
import { findPrice } from './cost.ts'

/**
 * Known models that a mistyped name may have meant, as `provider/model`; none for a name that is known here, or that
 * differs in digits only, as another version does.
 */
export function nearModels({ model, provider }: Pick<Target, 'model' | 'provider'>): readonly string[] {
  const { contextWindows, furtherModels, prices } = factsOf(provider)
  const known = new Set([...prices.map((price) => price.model), ...Object.keys(contextWindows), ...furtherModels])
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
