import { dirname, isAbsolute, join, resolve } from 'node:path'
import { writeAtomically } from '../lib/atomic-file.ts'
import { type Disk, nearestFolder } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Environment } from './credentials.ts'
import { type Home, homeAt, placeAt } from './home-address.ts'
import { VARIABLES } from './variables.ts'

/** The folder name that marks a home of its own for a project. */
export const PROJECT_HOME = '.llm-batch'

/** Places that may name a home, in the order in which they count. */
export interface HomeSources {
  /** What the user named for this call. */
  readonly flag: string | undefined
  readonly environment: Environment
  /** `home` and `files` of the configuration file, and the folder that the relative ones count from. */
  readonly configured: {
    readonly home?: string | undefined
    readonly files?: string | undefined
    readonly folder: string
  }
  readonly workingFolder: string
  /** The user's data folder for this program, see `userDataFolder`. */
  readonly userFolder: string
  readonly disk: Disk
}

/**
 * The home that holds state and results: the one named for this call, else in the environment, else in the
 * configuration file, else the nearest `.llm-batch` at or above the working folder, else the user's data folder, so that a
 * scheduler's temporary working folder finds its runs again. Only looks; `makeHome` makes it.
 */
export async function findHome(sources: HomeSources): Promise<Home> {
  const { configured, environment, workingFolder } = sources
  const files = findFiles(sources)
  const named = [sources.flag, environment[VARIABLES.home]].find(isGiven)
  if (named !== undefined) return homeAt(named, workingFolder, files)
  if (isGiven(configured.home)) return homeAt(configured.home, configured.folder, files)
  return { kind: 'folder', path: (await nearestProjectHome(sources)) ?? sources.userFolder }
}

/** Where the files of a home in a database are said to lie; null where nothing is said. */
function findFiles({ configured, environment, workingFolder }: HomeSources): string | null {
  const named = environment[VARIABLES.files]
  if (isGiven(named)) return placeAt(named, workingFolder)
  return isGiven(configured.files) ? placeAt(configured.files, configured.folder) : null
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== ''
}

/** A home is never an empty folder: `makeHome` leaves a `.gitignore` in it. */
async function nearestProjectHome({ disk, workingFolder }: HomeSources): Promise<string | undefined> {
  let folder = resolve(workingFolder)
  for (;;) {
    const candidate = join(folder, PROJECT_HOME)
    if ((await disk.list(candidate)).length > 0) return candidate
    const parent = dirname(folder)
    if (parent === folder) return undefined
    folder = parent
  }
}

/**
 * Makes the home, readable by its owner only and ignored by git; may be repeated. Throws `network_file_system` where
 * SQLite's write-ahead log would not be safe, `configuration` where a file lies in its place.
 */
export async function makeHome(disk: Disk, path: string): Promise<void> {
  const nearest = await nearestFolder(disk, path)
  const network = await disk.networkFileSystem(nearest)
  if (network !== undefined) {
    throw new LlmBatchError('network_file_system', `${path} lies on a network file system (${network}).`, {
      next: `The state database needs shared memory and locks of one machine: name a local folder with ${mention('home')}.`,
    })
  }
  await makeFilesFolder(disk, path)
}

/** Makes a folder for prompts and answers, readable by its owner only and ignored by git; may be repeated. */
export async function makeFilesFolder(disk: Disk, path: string): Promise<void> {
  const nearest = await nearestFolder(disk, path)
  await makeFolder(disk, path)
  const gitignore = join(path, '.gitignore')
  if ((await disk.size(gitignore)) !== undefined) return
  // A home that a power loss takes away has bought its work for nothing, so its name is forced to disk as well.
  for (let parent = dirname(path); ; parent = dirname(parent)) {
    await disk.syncFolder(parent)
    if (parent.length <= nearest.length) break
  }
  try {
    await writeAtomically(disk, gitignore, async (writer) => {
      await writer.writeText('# Prompts and answers; not for version control.\n*\n')
    })
  } catch (error) {
    // Another process may have made the same home at the same moment.
    if ((await disk.size(gitignore)) === undefined) throw error
  }
}

async function makeFolder(disk: Disk, path: string): Promise<void> {
  try {
    await disk.makeFolder(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'EEXIST' || error.code === 'ENOTDIR')))
      throw error
    const blocking = error.code === 'EEXIST' ? path : `a part of ${path}`
    throw new LlmBatchError('configuration', `the home ${path} cannot be made: ${blocking} is a file`, {
      next: `Move that file away, or name another folder with ${mention('home')} or ${VARIABLES.home}.`,
      cause: error,
    })
  }
}

/** Facts of a machine that decide where its user's data goes. */
export interface UserPlace {
  /** As in `process.platform`. */
  readonly platform: string
  readonly environment: Environment
  /** The user's home directory. */
  readonly homeFolder: string
}

/** The user's data folder for this program, by the custom of the platform. */
export function userDataFolder({ platform, environment, homeFolder }: UserPlace): string {
  if (platform === 'win32') {
    return join(absolute(environment['LOCALAPPDATA']) ?? join(homeFolder, 'AppData', 'Local'), 'llm-batch')
  }
  if (platform === 'darwin') return join(homeFolder, 'Library', 'Application Support', 'llm-batch')
  return join(absolute(environment['XDG_DATA_HOME']) ?? join(homeFolder, '.local', 'share'), 'llm-batch')
}

/** The XDG specification says that relative paths are to be ignored. */
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined
}
