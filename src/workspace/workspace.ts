import type { Configuration } from '../config/configuration.ts'
import { makeHome } from '../config/home.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import type { Random } from '../lib/random.ts'
import { connectProvider } from '../providers/connect.ts'
import type { Provider } from '../providers/provider.ts'
import { describeProvider, registerHosts } from '../providers/registry.ts'
import { openFolderStore } from '../store/folder/folder-store.ts'
import { type RunFolder, runFolder, statePath } from '../store/run-folder.ts'
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
  /** Where the files of a run lie. Throws `disk` for an id that is none of ours. */
  folderOf(runId: string): RunFolder
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
  const { home } = configuration
  const store = await openFolderStore({ home, disk, clock })
  return { ...siteOf(sources), store, folderOf: (runId) => runFolder(home, runId), close: () => store.close() }
}

/** Works in the home of a place where there is one; makes none. */
export async function withWorkspaceIfAny<Result>(
  site: Site,
  work: (workspace: Workspace | null) => Promise<Result>,
): Promise<Result> {
  if ((await site.disk.size(statePath(site.home))) === undefined) return await work(null)
  const workspace = await openWorkspace(site)
  try {
    return await work(workspace)
  } finally {
    await workspace.close()
  }
}
