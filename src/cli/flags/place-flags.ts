import type { Command } from 'commander'
import type { ConfigurationFlags } from '../../config/configuration.ts'
import { countFlag, durationFlag } from './flag-values.ts'

/** Where runs live. */
export type PlaceFlags = Pick<ConfigurationFlags, 'home' | 'config'>

/** What overrides the configuration for this one command. */
export type SettingFlags = PlaceFlags &
  Pick<ConfigurationFlags, 'pollInterval' | 'maxOpenBatches' | 'maxRequests' | 'maxBytes' | 'tokenCount'>

/** Adds the flags that say where runs live. */
export function addPlaceFlags(command: Command): Command {
  return command
    .option('--home <folder>', 'folder for state and results (default: the nearest .llm-batch, else one of the user)')
    .option('--config <file>', 'configuration file (default: llm-batch.config.json in the working folder)')
}

/** Adds the flags that override the configuration, those of the place included. */
export function addSettingFlags(command: Command): Command {
  command
    .option('--max-requests <n>', 'maximum requests per batch (default: what the provider allows)', countFlag)
    .option('--max-bytes <n>', 'maximum bytes per batch (default: what the provider allows)', countFlag)
    .option('--max-open-batches <n>', 'maximum batches at the provider at once (default: 20)', countFlag)
    .option('--no-token-count', 'estimate tokens from bytes, without counting them')
    .option('--poll-interval <duration>', 'first interval between two looks at a batch (default: 15s)', durationFlag)
  return addPlaceFlags(command)
}
