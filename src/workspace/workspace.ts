import { join } from 'node:path'
import type { Configuration } from '../config/configuration.ts'
import { filesPlaceAt } from '../config/files-place.ts'
import { makeFilesFolder, makeHome } from '../config/home.ts'
import { type DatabaseHome, folderBeside, type Home } from '../config/home-address.ts'
import { importPeer } from '../config/peer.ts'
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
export interface Site extends PlaceSources {
  readonly home: Home
  /** A folder of this machine: the home, or one of the user for what a home in a database need not have. */
  readonly localFolder: string
  /** True where this process itself executes the batches of a run with a model of the user's own. @default false */
  readonly isServingLocal?: boolean
  /** An adapter bound to today's key and base URL; rejects with `configuration` where the key is missing. */
  connect(providerName: string): Promise<Provider>
  /** The same adapter without a key, for what is pure: limits, encoding, decoding. */
  describe(providerName: string): Promise<Provider>
}

/** One home, opened: what every command and the library work in. */
export interface Workspace extends Site {
  readonly store: Store
  /** The folder that holds the files of all runs; of a home in a bucket, the one of their copies. */
  readonly filesFolder: string
  /** Where the files of all runs lie, as people call it. */
  readonly filesPlace: string
  /** Where the files of a run lie. Throws `disk` for an id that is none of ours. */
  readonly folderOf: (runId: string) => RunFolder
  close(): Promise<void>
}

/** The place that the configuration names, unopened; hosts of the user's own become known in this process. */
export function siteOf(sources: PlaceSources): Site {
  const { home, hosts, userFolder } = sources.configuration
  registerHosts(hosts)
  return {
    ...sources,
    home,
    localFolder: folderBeside(home, userFolder),
    connect: (providerName) => connectProvider(providerName, sources),
    describe: describeProvider,
  }
}

/** Opens the home that the configuration names; a folder is made where needed, a database must hold the home. */
export async function openWorkspace(sources: PlaceSources): Promise<Workspace> {
  const site = siteOf(sources)
  const opened =
    site.home.kind === 'folder' ? await openFolder(site, site.home.path) : await openDatabase(site, site.home)
  return {
    ...site,
    ...opened,
    folderOf: (runId) => runFolder(opened.filesFolder, runId),
    close: async () => {
      try {
        await opened.closeFiles?.()
      } finally {
        await opened.store.close()
      }
    },
  }
}

/** Works in the home of a place where there is one; makes none. */
export async function withWorkspaceIfAny<Result>(
  site: Site,
  work: (workspace: Workspace | null) => Promise<Result>,
): Promise<Result> {
  if (!(await isHomeMade(site))) return await work(null)
  const workspace = await openWorkspace(site)
  try {
    return await work(workspace)
  } finally {
    await workspace.close()
  }
}

/** False for a folder in which no run was ever started; a database that is named is to hold a home. */
export async function isHomeMade({ disk, home }: Pick<Site, 'disk' | 'home'>): Promise<boolean> {
  return home.kind === 'database' || (await disk.size(statePath(home.path))) !== undefined
}

/** The parts of a home that are not the same for every kind. */
type OpenedHome = Pick<Workspace, 'clock' | 'store'> & OpenedFiles

/** The files of a home, and the disk that leads to them. */
type OpenedFiles = Pick<Workspace, 'disk' | 'filesFolder' | 'filesPlace'> & {
  readonly closeFiles?: () => Promise<void>
}

async function openFolder({ clock, disk }: Site, home: string): Promise<OpenedHome> {
  await makeHome(disk, home)
  return { clock, store: await openFolderStore({ home, disk, clock }), disk, filesFolder: home, filesPlace: home }
}

async function openDatabase(site: Site, home: DatabaseHome): Promise<OpenedHome> {
  const { openPostgresStore } = await importPeer('pg', () => import('../store/postgres/postgres-store.ts'))
  const { clock, files, store } = await openPostgresStore(home, site.clock)
  try {
    return { clock, store, ...(await openFiles(site, home.files ?? files)) }
  } catch (error) {
    await store.close()
    throw error
  }
}

async function openFiles({ disk, environment, localFolder, random }: Site, address: string): Promise<OpenedFiles> {
  const place = filesPlaceAt(address)
  if (place.kind === 'folder') {
    await makeFilesFolder(disk, place.path)
    return { disk, filesFolder: place.path, filesPlace: place.path }
  }
  const { openBucketDisk } = await importPeer(BUCKET_PACKAGES, () => import('../store/bucket/open-bucket.ts'))
  const scratchFolder = join(localFolder, 'scratch')
  await makeFilesFolder(disk, scratchFolder)
  const bucketDisk = await openBucketDisk(place, { disk, environment, random, scratchFolder })
  return {
    disk: bucketDisk,
    filesFolder: bucketDisk.scratch,
    filesPlace: place.shown,
    closeFiles: () => bucketDisk.close(),
  }
}

/** Installed only by those whose files lie in a bucket. */
export const BUCKET_PACKAGES = '@aws-sdk/client-s3 @aws-sdk/lib-storage'
