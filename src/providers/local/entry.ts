import { hostEntry } from '../hosts/entry.ts'
import type { HostProfile } from '../hosts/profile.ts'
import type { ProviderEntry } from '../provider-entry.ts'

/** The local server that passes requests on to a server of models; its files stay until the user removes them. */
const PROFILE: HostProfile = {
  name: 'local',
  title: 'Models of your own',
  baseUrl: 'https://local.invalid/v1',
  keyVariable: 'LOCAL_API_KEY',
  baseUrlVariable: 'LOCAL_BASE_URL',
  endpoints: ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses'],
  limits: { requests: 50_000, bytes: 200_000_000, retentionDays: 3_650 },
  window: { hours: 24 },
  discount: null,
  hasSchemas: true,
  facts: {
    asOf: null,
    oddities: ['Requests are executed one by one by the local server: there is no price, and no discount.'],
    unsure: [],
    sources: [],
  },
}

const { sheet, ...host } = hostEntry(PROFILE, 'servers of models in the tests, which fail on purpose')

/** Models that the user serves, behind the local server of this package. What they cost is not counted. */
export const LOCAL: ProviderEntry = {
  ...host,
  isBaseUrlNeeded: true,
  facts: { ...host.facts, isFree: true },
  ...(sheet ? { sheet: { ...sheet, page: 'docs/local-models.md' } } : {}),
}
