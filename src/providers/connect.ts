import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import { messageOf } from '../model/error.ts'
import { unanswered } from '../model/failure.ts'
import { createTransport } from './http.ts'
import { type Provider, ProviderError, type ProviderOptions } from './provider.ts'
import type { Environment, ProviderEntry } from './provider-entry.ts'
import { findProvider } from './registry.ts'
import type { Transport, TransportRequest } from './transport.ts'

/** Options of connecting a provider. */
export interface ConnectOptions {
  readonly configuration: {
    /** Key and checked base URL; throws where there is none. */
    readonly credentialsFor: (entry: ProviderEntry) => {
      readonly apiKey: string
      readonly baseUrl: string
      readonly isHttpAllowed: boolean
      /** Tokens in place of the key. @default none */
      readonly tokens?: Tokens
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

/** Tokens that change while a process runs. */
export interface Tokens {
  /** Every token so far; grows. */
  readonly given: readonly string[]
  current(): Promise<string>
  insteadOf(refused: string): Promise<string>
}

/** An adapter bound to today's key and base URL, with a transport of its own. Sends no call yet. */
export async function connectProvider(name: string, surroundings: ConnectOptions): Promise<Provider> {
  const entry = findProvider(name)
  const access = accessTo(entry, surroundings)
  const { tokens } = surroundings.configuration.credentialsFor(entry)
  return await entry.create(tokens ? await withTokens(access, tokens) : access, surroundings.environment)
}

/** The same access with a token for a key, which each call has replaced by the one of that moment. */
async function withTokens(access: ProviderOptions, tokens: Tokens): Promise<ProviderOptions> {
  const first = await tokens.current()
  const send: Transport['send'] = async (request, signal) => {
    const used = await tokenOf(tokens.current())
    const response = await access.transport.send(withToken(request, first, used), signal)
    if (response.status !== 401) return response
    const other = await tokenOf(tokens.insteadOf(used))
    if (other === used || !mayRepeat(request)) return response
    for await (const _ of response.body) break
    return await access.transport.send(withToken(request, first, other), signal)
  }
  return { ...access, apiKey: first, secrets: tokens.given, transport: { send } }
}

/** A stream has been read, and a call with a time limit of its own, such as a create, is never repeated. */
function mayRepeat({ body, totalTimeoutMs }: TransportRequest): boolean {
  return typeof body !== 'object' && totalTimeoutMs === undefined
}

/** A command that fails while a run goes on is to the run as a key that the provider refuses. */
async function tokenOf(token: Promise<string>): Promise<string> {
  try {
    return await token
  } catch (error) {
    throw new ProviderError(unanswered('unauthorised', messageOf(error)), error)
  }
}

function withToken(request: TransportRequest, known: string, token: string): TransportRequest {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, value.replace(known, () => token)])
  return { ...request, headers: Object.fromEntries(headers) }
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
