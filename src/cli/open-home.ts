import { type Configuration, loadConfiguration } from '../config/configuration.ts'
import { userDataFolder } from '../config/home.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { systemRandom } from '../lib/random.ts'
import type { SettingOptions } from '../model/options/setting-options.ts'
import { openWorkspace, type Site, siteOf, type Workspace } from '../workspace/workspace.ts'
import type { Shell } from './shell.ts'

/** Merges flags, environment and file; opens nothing. */
export async function loadSettings(shell: Shell, flags: SettingOptions): Promise<Configuration> {
  const { machine } = shell
  return await loadConfiguration({
    flags: { ...flags, maxCostUsd: flags.maxCost, maxImageBytes: bytesOf(flags.imageMaxMb) },
    environment: machine.environment,
    workingFolder: machine.workingFolder,
    disk: systemDisk,
    userFolder: userDataFolder(machine),
  })
}

/** The place of work without its home: for commands that only look. */
export async function findPlace(shell: Shell, flags: SettingOptions): Promise<Site> {
  return siteOf(await sourcesOf(shell, flags))
}

/** Opens the home, does the work, and closes it again. */
export async function withHome<Result>(
  shell: Shell,
  flags: SettingOptions,
  work: (workspace: Workspace) => Promise<Result>,
): Promise<Result> {
  const workspace = await openWorkspace(await sourcesOf(shell, flags))
  try {
    return await work(workspace)
  } finally {
    await workspace.close()
  }
}

function bytesOf(megabytes: number | undefined): number | undefined {
  return megabytes === undefined ? undefined : Math.ceil(megabytes * 1_000_000)
}

async function sourcesOf(shell: Shell, flags: SettingOptions) {
  const configuration = await loadSettings(shell, flags)
  const { environment } = shell.machine
  return { configuration, environment, disk: systemDisk, clock: systemClock, random: systemRandom }
}
