import type { Configuration } from '../config/configuration.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import type { Random } from '../lib/random.ts'
import type { Emit } from '../model/event.ts'
import type { Provider } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import { type RunFolder, runFolder } from '../store/run-folder.ts'
import type { AttemptRecord, RunStore, Store } from '../store/store.ts'
import { accountOf } from './account.ts'
import { inputCostText } from './stake.ts'
import type { Workspace } from './workspace.ts'

/** What steers a run from the command line or the library, beyond the configuration. */
export interface Steering {
  /** What to do with a create whose fate cannot be decided. @default 'hold' */
  readonly onUnknownCreate?: 'hold' | 'resend' | undefined
  /** Sends the work although the provider has a batch of the same that no run here knows. @default false */
  readonly again?: boolean | undefined
}

/** Everything the stages need to work on one run, in one place; each stage names the part it uses. */
export interface RunContext {
  readonly store: RunStore
  readonly provider: Provider
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly settings: Configuration['settings']
  readonly folder: RunFolder
  readonly windowHours: number | null
  readonly account: string
  readonly onUnknownCreate: 'hold' | 'resend'
  readonly atStake: (attempt: AttemptRecord) => string
  /** What any run of this home knows to be its own at a provider. */
  readonly knownRemotes: Store['knownRemotes']
  /** True where the user buys the same work once more, whoever has bought it before. */
  readonly again: boolean
  /** Set once when the user cancels. */
  isCancelling: boolean
  readonly emit: Emit
}

/** Binds a run to its provider, home and settings. Throws `configuration` where the key is missing. */
export async function runContext(
  workspace: Workspace,
  store: RunStore,
  emit: Emit,
  steering: Steering = {},
): Promise<RunContext> {
  const { clock, configuration, disk, random } = workspace
  const { definition, state } = await store.record()
  const entry = findProvider(definition.provider)
  const credentials = configuration.credentialsFor(entry)
  return {
    store,
    provider: workspace.connect(entry.name),
    disk,
    clock,
    random,
    settings: configuration.settings,
    folder: runFolder(workspace.home, store.id),
    windowHours: definition.timeoutHours,
    account: accountOf(store.id, credentials.apiKey, workspace.environment),
    onUnknownCreate: steering.onUnknownCreate ?? 'hold',
    atStake: (attempt) => inputCostText(attempt, configuration.prices),
    knownRemotes: () => workspace.store.knownRemotes(),
    again: steering.again ?? false,
    isCancelling: state === 'cancelling',
    emit,
  }
}
