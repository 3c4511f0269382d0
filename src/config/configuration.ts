import { dirname, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import {
  type Credentials,
  type CredentialVariables,
  type Environment,
  findBaseUrl,
  findCredentials,
  findSecrets,
  hasKey,
} from './credentials.ts'
import type { FileConfiguration } from './file-schema.ts'
import { findHome } from './home.ts'
import type { Home } from './home-address.ts'
import { checkedHosts } from './host-addresses.ts'
import { mergeSettings, type SettingFlags } from './merge-settings.ts'
import { readConfigurationFile } from './read-file.ts'
import type { Settings } from './settings.ts'
import { spendingRemark } from './spending-remark.ts'

/** The name of the configuration file in the working folder. */
const CONFIGURATION_FILE = 'llm-batch.config.json'

/** Settings from the command line; undefined where the user said nothing. */
export interface ConfigurationFlags extends SettingFlags {
  /** The configuration file, which must then exist. */
  readonly config?: string | undefined
  /** The folder for state and results, or the address of the database. */
  readonly home?: string | undefined
  /** The most a run may cost in US dollars. */
  readonly maxCostUsd?: number | undefined
}

/** Everything that the configuration is made from. */
export interface ConfigurationSources {
  readonly flags: ConfigurationFlags
  /** The real environment, as in `process.env`. */
  readonly environment: Environment
  /** Where `llm-batch.config.json`, `.env` and relative paths are looked for. */
  readonly workingFolder: string
  readonly disk: Disk
  /** The user's data folder for this program, see `userDataFolder`. */
  readonly userFolder: string
}

/** A user's own price for a model; wins over the table that ships with the package. */
export type PriceOverride = NonNullable<FileConfiguration['prices']>[string]

/** A host of the user's own. */
export type HostSettings = NonNullable<FileConfiguration['hosts']>[string] & { readonly isFound: boolean }

/** Limits of spending, in US dollars. */
export interface BudgetSettings {
  /** By one run; a run that was given a cap of its own keeps that. Null for no cap. */
  readonly maxCostUsd: number | null
  /** By all runs of the home on one day (UTC); null for no cap. */
  readonly perDayUsd: number | null
  /** The estimate above which the command asks before it sends. @default 1 */
  readonly askAboveUsd: number
}

/** Everything that steers the program, merged and checked. */
export interface Configuration {
  /** Need not exist yet, see `makeHome`. */
  readonly home: Home
  /** The user's data folder for this program; need not exist yet. */
  readonly userFolder: string
  readonly settings: Settings
  /** By `provider/model`. */
  readonly prices: Readonly<Record<string, PriceOverride>>
  readonly budget: BudgetSettings
  /** Hosts of the user's own by name, their addresses checked; `isFound` where the user did not name the file. */
  readonly hosts: Readonly<Record<string, HostSettings>>
  /** The configuration file that was read, or null where there was none. */
  readonly file: string | null
  /** One sentence where that file, found in the working folder, may make the user spend unasked; null otherwise. */
  readonly spendingRemark: string | null
  /**
   * Key and base URL of a provider, looked up when asked for, so that commands which call no provider need no key. Starts
   * no command that prints tokens. Throws `configuration`, naming the variable to set.
   */
  readonly credentialsFor: (variables: CredentialVariables) => Credentials
  /** True where a key of the provider is set. */
  readonly hasKeyFor: (variables: CredentialVariables) => boolean
  /**
   * Secrets of webhooks that a variable of the environment or, where it has none, of `.env` holds, separated by commas or
   * spaces; none where it is not set. Never stored, never logged.
   */
  readonly webhookSecretsIn: (variable: string) => readonly string[]
  /** Where a provider is reached, without asking for a key. */
  readonly baseUrlOf: (variables: CredentialVariables) => string
}

/**
 * The one place where flags, environment, configuration file and defaults meet, in this order of precedence. Throws
 * `configuration` or `usage` before anything is sent.
 */
export async function loadConfiguration(sources: ConfigurationSources): Promise<Configuration> {
  const { flags, environment, workingFolder, disk, userFolder } = sources
  const { file, path } = await findFile(sources)
  const configured = { home: file.home, files: file.files, folder: dirname(path) }
  const dotEnv = await readDotEnv(disk, workingFolder)
  const tokenCommands = { words: commandsOf(file), sources: new Map(), isFound: flags.config === undefined }
  const credentials = { environment, dotEnv, tokenCommands }
  return {
    home: await findHome({ flag: flags.home, environment, configured, workingFolder, userFolder, disk }),
    userFolder,
    settings: mergeSettings(file, flags),
    prices: file.prices ?? {},
    budget: budgetOf(flags, file),
    hosts: checkedHosts(file.hosts ?? {}, environment, flags.config === undefined),
    file: file === NO_FILE ? null : path,
    spendingRemark: await remarkOn(sources, file, path),
    credentialsFor: (variables) => findCredentials(credentials, variables),
    hasKeyFor: (variables) => hasKey(credentials, variables),
    webhookSecretsIn: (variable) => findSecrets(credentials, variable),
    baseUrlOf: (variables) => findBaseUrl(credentials, variables).baseUrl,
  }
}

const NO_FILE: FileConfiguration = {}

function commandsOf({ providers = {} }: FileConfiguration): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(providers).flatMap(([name, { tokenCommand }]) => (tokenCommand ? [[name, tokenCommand]] : [])),
  )
}

/** A file that the user named needs no remark. */
async function remarkOn({ disk, flags }: ConfigurationSources, file: FileConfiguration, path: string) {
  if (file === NO_FILE || flags.config !== undefined) return null
  return spendingRemark({ path, file, isOwn: await disk.isOwn(path) }, DEFAULT_ASK_ABOVE_USD)
}

async function findFile({ flags, workingFolder, disk }: ConfigurationSources) {
  const path = resolve(workingFolder, flags.config ?? CONFIGURATION_FILE)
  const file = await readConfigurationFile(disk, path)
  if (file === undefined && flags.config !== undefined) {
    throw new LlmBatchError('configuration', `the configuration file ${path} does not exist`, {
      next: `Check the path after ${mention('config')}.`,
    })
  }
  return { file: file ?? NO_FILE, path }
}

async function readDotEnv(disk: Disk, workingFolder: string): Promise<Environment> {
  const text = await disk.readText(join(workingFolder, '.env'))
  return text === undefined ? {} : parseEnv(text.replace(/^\uFEFF/, ''))
}

const DEFAULT_ASK_ABOVE_USD = 1

function budgetOf({ maxCostUsd }: ConfigurationFlags, { budget }: FileConfiguration): BudgetSettings {
  if (maxCostUsd !== undefined && !(maxCostUsd > 0)) {
    throw new LlmBatchError('usage', `the budget is ${maxCostUsd}; it must be above zero`)
  }
  return {
    maxCostUsd: maxCostUsd ?? budget?.maxCostUsd ?? null,
    perDayUsd: budget?.perDayUsd ?? null,
    askAboveUsd: budget?.askAboveUsd ?? DEFAULT_ASK_ABOVE_USD,
  }
}
