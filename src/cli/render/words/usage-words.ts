import type { UsageTotal } from '../../../store/port/attempt.ts'
import { count, counted } from '../terminal/quantity.ts'

/** `1,200 in, 300 out`, with what the provider did not count; null where there are no results. */
export function describeUsage(usage: readonly UsageTotal[]): string | null {
  const sum = (pick: (total: UsageTotal) => number): number => usage.reduce((all, total) => all + pick(total), 0)
  if (sum((total) => total.results) === 0) return null
  const cached = sum((total) => total.cachedTokens)
  const written = sum((total) => total.cacheWriteTokens)
  const reasoning = sum((total) => total.reasoningTokens)
  const unknown = sum((total) => total.withoutUsage)
  return [
    `${count(sum((total) => total.promptTokens))} in${cacheText(cached, written)}`,
    `${count(sum((total) => total.completionTokens))} out${reasoning > 0 ? ` (${count(reasoning)} for reasoning)` : ''}`,
    ...(unknown > 0 ? [`not counted by the provider for ${counted(unknown, 'result')}`] : []),
  ].join(', ')
}

function cacheText(cached: number, written: number): string {
  const parts = [
    ...(cached > 0 ? [`${count(cached)} cached`] : []),
    ...(written > 0 ? [`${count(written)} written to the cache`] : []),
  ]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}
