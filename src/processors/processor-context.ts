import { findCredentials } from '../config/credentials.ts'
import { assertRuntime } from '../config/runtime.ts'
import type { Waits } from '../config/settings.ts'
import { mergeWaits } from '../config/waits.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { type Disk, systemDisk } from '../lib/disk.ts'
import { thisMachine } from '../lib/machine.ts'
import { type Random, systemRandom } from '../lib/random.ts'
import { writeToStderr } from '../lib/terminal.ts'
import { assertKnownOptions, type KnownOptions } from '../library/known-options.ts'
import { EXAMPLE_MODEL_NAMES } from '../model/named-providers.ts'
import { CHAT_ENDPOINT, type Target } from '../model/target.ts'
import { accessTo } from '../providers/connect.ts'
import type { Limits, Provider, ProviderOptions } from '../providers/provider.ts'
import type { Environment } from '../providers/provider-entry.ts'
import { findProvider } from '../providers/registry.ts'
import { type FilePlaces, filePlaces } from './file-places.ts'
import { ProcessorError } from './processor-error.ts'
import type { ProcessorOptions } from './processor-options.ts'

/** Context of every step. */
export interface ProcessorContext {
  readonly provider: Provider
  /** Where tasks go unless a job names another endpoint. */
  readonly target: Target
  readonly limits: Limits
  readonly places: FilePlaces
  readonly waits: Waits
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly log: (line: string) => void
}

const OPTIONS: KnownOptions<ProcessorOptions> = {
  modelName: 'any',
  maxCompletionTokens: 'count',
  temperature: 'number',
  responseFormat: 'any',
  body: 'any',
  filenamePrefix: 'text',
  taskDir: 'text',
  batchDir: 'text',
  outputDir: 'text',
  throwOnError: 'boolean',
  log: 'any',
  environment: 'any',
  waits: 'any',
}

/** Access of the official client. */
export interface ClientAccess {
  readonly apiKey: string
  /** With its version path, without a slash at the end. */
  readonly baseUrl: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Makes the adapter of a provider. A constructor cannot wait for its code to be loaded, as others do. */
export type CreateAdapter = (options: ProviderOptions, environment: Environment) => Provider

/**
 * Checks the options and binds key and base URL; sends no call. Throws `LlmBatchError` with code `configuration`, naming
 * the variable to set, where there is no key.
 */
export function connectProcessor(
  providerName: string,
  options: ProcessorOptions,
  createAdapter: CreateAdapter,
): { readonly context: ProcessorContext; readonly access: ClientAccess } {
  assertKnownOptions('the processor', options, OPTIONS)
  const { modelName } = options
  if (typeof modelName !== 'string' || modelName.trim() === '') {
    throw new ProcessorError('refused', 'usage', 'modelName is missing.', {
      next: `Give the name of a model of the provider, such as ${EXAMPLE_MODEL_NAMES}.`,
    })
  }
  assertRuntime()
  const environment = options.environment ?? thisMachine().environment
  const entry = findProvider(providerName)
  const { apiKey, baseUrl, isHttpAllowed } = findCredentials({ environment, dotEnv: null }, entry)
  const waits = mergeWaits(options.waits, undefined)
  const surroundings = { environment, clock: systemClock, random: systemRandom }
  const binding = accessTo(entry, {
    ...surroundings,
    configuration: { credentialsFor: () => ({ apiKey, baseUrl, isHttpAllowed }), settings: { waits } },
  })
  const provider = createAdapter(binding, environment)
  const target = { provider: providerName, endpoint: CHAT_ENDPOINT, model: modelName }
  return {
    access: { apiKey, baseUrl, environment },
    context: {
      provider,
      target,
      limits: provider.limits(target),
      places: filePlaces(providerName, options),
      waits,
      disk: systemDisk,
      clock: systemClock,
      random: systemRandom,
      log: options.log ?? writeToStderr,
    },
  }
}
