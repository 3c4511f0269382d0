import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import { createTransport } from './http.ts'
import type { Provider, ProviderOptions } from './provider.ts'
import type { Environment, ProviderEntry } from './provider-entry.ts'
import { findProvider } from './registry.ts'

/** Options of connecting a provider. */
export interface ConnectOptions {
  readonly configuration: {
    /** Key and checked base URL; throws where there is none. */
    readonly credentialsFor: (entry: ProviderEntry) => {
      readonly apiKey: string
      readonly baseUrl: string
      readonly isHttpAllowed: boolean
    }
    readonly settings: {
      readonly waits: {
        readonly httpMs: number
        readonly directMs?: number
        readonly retryAfterMostMs?: number
        readonly retryBackoff: { readonly firstMs: number }
      }
    }
  }
  readonly environment: Environment
  readonly clock: Clock
  readonly random: Random
}

/** An adapter bound to today's key and base URL, with a transport of its own. Sends no call yet. */
export async function connectProvider(name: string, surroundings: ConnectOptions): Promise<Provider> {
  const entry = findProvider(name)
  return await entry.create(accessTo(entry, surroundings), surroundings.environment)
}

/** What an adapter needs to reach its provider: key, base URL, and a transport of its own. */
export function accessTo(entry: ProviderEntry, surroundings: ConnectOptions): ProviderOptions {
  const { clock, configuration, environment, random } = surroundings
  const { directMs, httpMs, retryAfterMostMs, retryBackoff } = configuration.settings.waits
  const { apiKey, baseUrl, isHttpAllowed } = configuration.credentialsFor(entry)
  const transport = createTransport({ apiOrigin: baseUrl, clock, environment, idleTimeoutMs: httpMs, isHttpAllowed })
  return {
    apiKey,
    baseUrl,
    transport,
    clock,
    random,
    createTimeoutMs: httpMs,
    ...(directMs === undefined ? {} : { directTimeoutMs: directMs }),
    ...(retryAfterMostMs === undefined ? {} : { retryAfterMostMs }),
    // A read within a call is asked for again sooner than the stage would ask for the whole call.
    readRetryMs: retryBackoff.firstMs / 10,
  }
}
