import { type ConfigurationFlags, loadConfiguration } from '../config/configuration.ts'
import { userDataFolder } from '../config/home.ts'
import { assertRuntime } from '../config/runtime.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { thisMachine } from '../lib/machine.ts'
import { systemRandom } from '../lib/random.ts'
import { openWorkspace, type Workspace } from '../workspace/workspace.ts'
import type { PlaceOptions } from './library-options.ts'

/** Opens the home that the options, the environment and the configuration name. */
export async function openPlace(options: PlaceOptions): Promise<Workspace> {
  assertRuntime()
  const machine = thisMachine()
  const environment = options.environment ?? machine.environment
  const configuration = await loadConfiguration({
    flags: flagsOf(options),
    environment,
    workingFolder: machine.workingFolder,
    disk: systemDisk,
    userFolder: userDataFolder({ ...machine, environment }),
  })
  return await openWorkspace({ configuration, environment, disk: systemDisk, clock: systemClock, random: systemRandom })
}

function flagsOf({ budget, ...options }: PlaceOptions): ConfigurationFlags {
  const { canary, config, home, maxBytes, maxImageBytes, maxOpenBatches, maxRequests, pollInterval } = options
  return {
    canary,
    config,
    home,
    maxBytes,
    maxImageBytes,
    maxOpenBatches,
    maxRequests,
    pollInterval,
    tokenCount: options.tokenCount,
    maxCostUsd: budget?.maxCostUsd,
  }
}
