import type { Limits, Provider, Recovery } from '../../providers/provider.ts'
import type { ProviderEntry, ProviderSheet } from '../../providers/provider-entry.ts'

/** Facts of a provider, as `llm-batch providers --json` writes it. */
export interface ProviderDocument extends Omit<ProviderSheet, 'title' | 'asOf' | 'discount'> {
  readonly name: string
  readonly title: string
  readonly key: { readonly variable: string; readonly isSet: boolean }
  readonly baseUrl: { readonly variable: string; readonly default: string }
  readonly endpoints: readonly string[]
  readonly limits: Pick<Limits, 'maxRequests' | 'maxBytes' | 'maxLineBytes' | 'retentionDays'>
  readonly windowHours: Limits['windowHours']
  readonly discount: number | null
  readonly recovery: Recovery
  readonly asOf: string | null
}

/** Nothing was written down of a provider that a program has registered. */
const NO_SHEET: ProviderSheet = {
  title: '',
  discount: null,
  asOf: null,
  tested: 'nothing that is known here',
  page: 'docs/library.md',
}

/** Limits are those of the first endpoint; a model may have others. */
export function providerDocument(entry: ProviderEntry, provider: Provider, isKeySet: boolean): ProviderDocument {
  const { asOf, discount, title, ...sheet } = { ...NO_SHEET, ...entry.sheet }
  const target = { provider: entry.name, model: '', endpoint: '/v1/chat/completions' }
  const [endpoint = target.endpoint] = provider.limits(target).endpoints
  const { endpoints, maxBytes, maxLineBytes, maxRequests, retentionDays, windowHours } = provider.limits({
    ...target,
    endpoint,
  })
  return {
    name: entry.name,
    title: title || entry.name,
    key: { variable: entry.keyVariable, isSet: isKeySet },
    baseUrl: { variable: entry.baseUrlVariable, default: entry.defaultBaseUrl },
    endpoints,
    limits: { maxRequests, maxBytes, maxLineBytes, retentionDays },
    windowHours,
    discount,
    recovery: provider.abilities.recovery,
    asOf,
    ...sheet,
  }
}
