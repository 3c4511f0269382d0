import type { PromptCachePlan } from '../../../plan/prompt-cache.ts'
import { dollars } from '../../../prices/dollars.ts'
import { count, counted } from '../terminal/quantity.ts'

/** What requests share, and what the provider's cache saves or would save of it; null where that is not worth a word. */
export function describePromptCache(plan: PromptCachePlan | null): string | null {
  if (plan === null) return null
  const { isPrimed, prefixes, requests, savedUsd, share, tokens } = plan
  if (requests === 0) return 'no beginning that requests share is long enough for the cache; nothing is sent first'
  const beginnings = counted(prefixes, 'shared beginning')
  const shared = `${count(requests)} requests have ${beginnings}, about ${count(tokens)} tokens or ${percent(share)} of the input`
  const saving = savedUsd === null ? 'save an unknown sum' : `save about ${dollars(savedUsd)}`
  if (!isPrimed) return `${shared}; --prime-cache would ${saving}`
  const first = `${counted(prefixes, 'request')} sent first to fill the cache`
  if (savedUsd === null) return `${shared}; ${first}`
  return savedUsd > 0 ? `${shared}; ${first}, to ${saving}` : `${shared}; ${first}, which saves nothing here`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
