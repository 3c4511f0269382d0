import type { Command } from 'commander'
import type { ConfigurationFlags } from '../config/configuration.ts'
import { countFlag, durationFlag } from './flag-values.ts'

/** Where runs live. */
export type PlaceFlags = Pick<ConfigurationFlags, 'home' | 'config'>

/** What overrides the configuration for this one command. */
export type SettingFlags = PlaceFlags &
  Pick<ConfigurationFlags, 'pollInterval' | 'maxOpenBatches' | 'maxRequests' | 'maxBytes' | 'tokenCount'>

/** Adds the flags that say where runs live. */
export function addPlaceFlags(command: Command): Command {
  return command
    .option('--home <folder>', 'folder for state and results')
    .option('--config <file>', 'configuration file (default: llm-batch.config.json in the working folder)')
}

/** Adds the flags that override the configuration, those of the place included. */
export function addSettingFlags(command: Command): Command {
  command
    .option('--max-requests <n>', 'most requests of one batch', countFlag)
    .option('--max-bytes <n>', 'most bytes of one batch', countFlag)
    .option('--max-open-batches <n>', 'most batches at the provider at once', countFlag)
    .option('--no-token-count', 'estimate tokens by bytes alone')
    .option('--poll-interval <duration>', 'first interval between two looks at a batch', durationFlag)
  return addPlaceFlags(command)
}
