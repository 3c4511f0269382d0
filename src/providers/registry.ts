import { type Clock, systemClock } from '../lib/clock.ts'
import { type Random, systemRandom } from '../lib/random.ts'
import { LlmBatchError } from '../model/error.ts'
import { createTransport } from './http.ts'
import { createMistralProvider } from './mistral/adapter.ts'
import { createOpenAIProvider } from './openai/adapter.ts'
import type { Provider, ProviderOptions } from './provider.ts'
import type { Transport } from './transport.ts'

/** Variables of the process by name. */
type Environment = Readonly<Record<string, string | undefined>>

/** How a provider is named, reached and made. */
export interface ProviderEntry {
  /** As the user writes it before the slash in `--model`. */
  readonly name: string
  /** The variable that holds the key, such as `OPENAI_API_KEY`. */
  readonly keyVariable: string
  /** The variable that holds another API root than the default, such as `OPENAI_BASE_URL`. */
  readonly baseUrlVariable: string
  readonly defaultBaseUrl: string
  /** The adapter; the environment may scope it further, as the provider's own SDK lets it. */
  create(options: ProviderOptions, environment: Environment): Provider
}

const entries: Record<string, ProviderEntry> = {
  openai: {
    name: 'openai',
    keyVariable: 'OPENAI_API_KEY',
    baseUrlVariable: 'OPENAI_BASE_URL',
    defaultBaseUrl: 'https://api.openai.com/v1',
    create: (options, environment) =>
      createOpenAIProvider({
        ...options,
        organization: environment['OPENAI_ORG_ID'] || undefined,
        project: environment['OPENAI_PROJECT_ID'] || undefined,
      }),
  },
  mistral: {
    name: 'mistral',
    keyVariable: 'MISTRAL_API_KEY',
    baseUrlVariable: 'MISTRAL_BASE_URL',
    defaultBaseUrl: 'https://api.mistral.ai/v1',
    create: (options) => createMistralProvider(options),
  },
}

/** All providers by name. */
export const PROVIDERS: Readonly<Record<string, ProviderEntry>> = entries

/**
 * Makes an adapter of the program's own known in this process, under its name. Throws `LlmBatchError` with code `usage`
 * where another provider has the name.
 */
export function registerProvider(entry: ProviderEntry): void {
  const known = Object.hasOwn(entries, entry.name) ? entries[entry.name] : entry
  if (known !== entry)
    throw new LlmBatchError('usage', `There is a provider named ${JSON.stringify(entry.name)} already.`)
  entries[entry.name] = entry
}

/** The provider of this name. Throws `LlmBatchError` with code `usage`, naming those there are. */
export function findProvider(name: string): ProviderEntry {
  const entry = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name] : undefined
  if (entry) return entry
  throw new LlmBatchError('usage', `There is no provider named ${JSON.stringify(name)}.`, {
    next: `Write the model as provider/model; the providers are ${Object.keys(PROVIDERS).join(', ')}.`,
  })
}

/** What connecting needs of the configuration and the world. */
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

/** An adapter bound to today's key and base URL, with a transport of its own. Calls nobody yet. */
export function connectProvider(name: string, surroundings: ConnectOptions): Provider {
  const { clock, configuration, environment, random } = surroundings
  const { directMs, httpMs, retryAfterMostMs, retryBackoff } = configuration.settings.waits
  const entry = findProvider(name)
  const { apiKey, baseUrl, isHttpAllowed } = configuration.credentialsFor(entry)
  const transport = createTransport({ apiOrigin: baseUrl, clock, environment, idleTimeoutMs: httpMs, isHttpAllowed })
  return entry.create(
    {
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
    },
    environment,
  )
}

/**
 * An adapter without key and network, for what is pure: limits, encoding, decoding. Its network calls throw, because
 * whoever reaches them should have connected.
 */
export function describeProvider(name: string): Provider {
  const entry = findProvider(name)
  const transport: Transport = {
    send: async () => {
      throw new LlmBatchError('configuration', `${name} was only described, not connected`)
    },
  }
  const options = { apiKey: 'none', baseUrl: entry.defaultBaseUrl, transport, clock: systemClock, random: systemRandom }
  return entry.create(options, {})
}
