import type { Configuration } from '../config/configuration.ts'
import { makeHome } from '../config/home.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import type { Random } from '../lib/random.ts'
import { connectProvider } from '../providers/connect.ts'
import type { Provider } from '../providers/provider.ts'
import { describeProvider, registerHosts } from '../providers/registry.ts'
import { openStore } from '../store/sqlite-store.ts'
import type { Store } from '../store/store.ts'

/** Sources of a place of work. */
export interface PlaceSources {
  readonly configuration: Configuration
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
}

/** Home of runs and access to providers; nothing is opened or made. */
export interface Site {
  readonly home: string
  readonly configuration: Configuration
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  /** An adapter bound to today's key and base URL; rejects with `configuration` where the key is missing. */
  connect(providerName: string): Promise<Provider>
  /** The same adapter without a key, for what is pure: limits, encoding, decoding. */
  describe(providerName: string): Promise<Provider>
}

/** One home, opened: what every command and the library work in. */
export interface Workspace extends Site {
  readonly store: Store
  close(): Promise<void>
}

/** The place that the configuration names, unopened; hosts of the user's own become known in this process. */
export function siteOf(sources: PlaceSources): Site {
  registerHosts(sources.configuration.hosts)
  return {
    ...sources,
    home: sources.configuration.home,
    connect: (providerName) => connectProvider(providerName, sources),
    describe: describeProvider,
  }
}

/** Opens the home that the configuration names, making it where needed. */
export async function openWorkspace(sources: PlaceSources): Promise<Workspace> {
  const { clock, configuration, disk } = sources
  await makeHome(disk, configuration.home)
  const store = await openStore({ home: configuration.home, disk, clock })
  return { ...siteOf(sources), store, close: () => store.close() }
}
