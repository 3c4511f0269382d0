import type { ProviderEntry } from '../provider-entry.ts'
import type { HostProfile } from './profile.ts'

/** The provider that a profile describes; `tested` says against what. */
export function hostEntry(profile: HostProfile, tested: string = testedWith(profile)): ProviderEntry {
  const { baseUrl, baseUrlVariable, discount, facts, keyVariable, name, prices, title, unbatchedModels = [] } = profile
  const { webhooks } = profile
  return {
    name,
    conventionName: profile.conventionName ?? name,
    keyVariable,
    baseUrlVariable,
    defaultBaseUrl: baseUrl,
    ...(webhooks ? { webhooks } : {}),
    // A price of the user's own counts in full where it is not known what batches save.
    facts: { batchFactor: 1 - (discount ?? 0), ...(prices ? { prices } : {}), unbatchedModels },
    sheet: { title, discount, tested, page: 'docs/providers/hosts.md', ...facts },
    create: async (options) => (await import('./adapter.ts')).createHostProvider(profile, options),
  }
}

function testedWith({ sdk = "OpenAI's SDK" }: HostProfile): string {
  return `the local server with its peculiarities, ${sdk} as a client of that server; never the host itself`
}
