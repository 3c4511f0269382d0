import type { Configuration } from '../config/configuration.ts'
import { makeHome } from '../config/home.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import type { Random } from '../lib/random.ts'
import type { Provider } from '../providers/provider.ts'
import { connectProvider, describeProvider } from '../providers/registry.ts'
import { openStore } from '../store/sqlite-store.ts'
import type { Store } from '../store/store.ts'

/** One home, opened: what every command and the library work in. */
export interface Workspace {
  readonly home: string
  readonly store: Store
  readonly configuration: Configuration
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  /** An adapter bound to today's key and base URL; throws `configuration` where the key is missing. */
  connect(providerName: string): Provider
  /** The same adapter without a key, for what is pure: limits, encoding, decoding. */
  describe(providerName: string): Provider
  close(): Promise<void>
}

/** Opens the home that the configuration names, making it where needed. */
export async function openWorkspace(options: {
  readonly configuration: Configuration
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
}): Promise<Workspace> {
  const { clock, configuration, disk, environment, random } = options
  await makeHome(disk, configuration.home)
  const store = await openStore({ home: configuration.home, disk, clock })
  return {
    ...options,
    home: configuration.home,
    store,
    connect: (providerName) => connectProvider(providerName, { configuration, environment, clock, random }),
    describe: describeProvider,
    close: () => store.close(),
  }
}
