import { systemClock } from '../lib/clock.ts'
import { systemRandom } from '../lib/random.ts'
import { LlmBatchError } from '../model/error.ts'
import { ANTHROPIC } from './anthropic/entry.ts'
import { AZURE } from './azure/entry.ts'
import { GEMINI } from './gemini/entry.ts'
import { hostEntry } from './hosts/entry.ts'
import { type OwnHost, ownHostEntry } from './hosts/own-host.ts'
import { HOST_PROFILES } from './hosts/profiles.ts'
import { LOCAL } from './local/entry.ts'
import { MISTRAL } from './mistral/entry.ts'
import { OPENAI } from './openai/entry.ts'
import { OPENROUTER } from './openrouter/entry.ts'
import type { Provider } from './provider.ts'
import type { ProviderEntry } from './provider-entry.ts'
import type { Transport } from './transport.ts'
import { XAI } from './xai/entry.ts'

const entries: Record<string, ProviderEntry> = {
  openai: OPENAI,
  mistral: MISTRAL,
  anthropic: ANTHROPIC,
  gemini: GEMINI,
  azure: AZURE,
  openrouter: OPENROUTER,
  xai: XAI,
  local: LOCAL,
  ...Object.fromEntries(HOST_PROFILES.map((profile) => [profile.name, hostEntry(profile)])),
}

/** All providers by name. */
export const PROVIDERS: Readonly<Record<string, ProviderEntry>> = entries

const BUILT_IN: ReadonlySet<string> = new Set(Object.keys(entries))

/** True for a provider of this package, false for one that the program or its configuration has brought. */
export function isBuiltIn(name: string): boolean {
  return BUILT_IN.has(name)
}

/**
 * Makes an adapter of the program's own, and its facts, known in this process, under its name. Returns what takes it away
 * again. Throws `LlmBatchError` with code `usage` where another provider has the name.
 */
export function registerProvider(entry: ProviderEntry): () => void {
  const known = Object.hasOwn(entries, entry.name) ? entries[entry.name] : entry
  if (known !== entry)
    throw new LlmBatchError('usage', `there is a provider named ${JSON.stringify(entry.name)} already`)
  entries[entry.name] = entry
  return () => delete entries[entry.name]
}

/** Names of hosts that a configuration file has brought. */
const ownHosts = new Set<string>()

/**
 * Makes the hosts of a configuration file known in this process; those of a later file take the place of others with the
 * same names. Throws `LlmBatchError` with code `configuration` where a provider has such a name.
 */
export function registerHosts(hosts: Readonly<Record<string, OwnHost>>): void {
  for (const [name, host] of Object.entries(hosts)) {
    const known = Object.hasOwn(entries, name) && !ownHosts.has(name) ? entries[name] : undefined
    if (known) {
      throw new LlmBatchError('configuration', `hosts.${name}: there is a provider of this name`, {
        next: `Give the host another name, or set ${known.baseUrlVariable} to reach ${name} elsewhere.`,
      })
    }
    entries[name] = ownHostEntry(name, host)
    ownHosts.add(name)
  }
}

/** Forgets the hosts of configuration files. */
export function forgetHosts(): void {
  for (const name of ownHosts) delete entries[name]
  ownHosts.clear()
}

/** The provider of this name. Throws `LlmBatchError` with code `usage`, naming those there are. */
export function findProvider(name: string): ProviderEntry {
  const entry = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name] : undefined
  if (entry) return entry
  throw new LlmBatchError('usage', `unknown provider ${JSON.stringify(name)}`, {
    next: `Write the model as provider/model; the providers are ${Object.keys(PROVIDERS).join(', ')}.`,
  })
}

/**
 * An adapter without key and network, for what is pure: limits, encoding, decoding. Its network calls throw, because
 * a caller that reaches them should have connected.
 */
export async function describeProvider(name: string): Promise<Provider> {
  const entry = findProvider(name)
  const transport: Transport = {
    send: async () => {
      throw new LlmBatchError('configuration', `${name} was only described, not connected`)
    },
  }
  const options = { apiKey: 'none', baseUrl: entry.defaultBaseUrl, transport, clock: systemClock, random: systemRandom }
  return await entry.create(options, {})
}
