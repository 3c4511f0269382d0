import type { Configuration } from '../../config/configuration.ts'
import { LOCAL_PROVIDER } from '../../model/named-providers.ts'
import { connectProvider } from '../../providers/connect.ts'
import type { Provider } from '../../providers/provider.ts'
import { SIMULATED_KEY } from '../../providers/secrets.ts'
import type { Site } from '../../workspace/workspace.ts'

/** Server that calls for models of the user's own are sent to. */
export interface LocalTarget {
  readonly baseUrl: string
  /** Null where it wants no key. */
  readonly key: string | null
  readonly isHttpAllowed: boolean
}

/**
 * A place of work that knows the model server of a run: to runs its address is that of the server itself, wherever calls
 * are sent in between.
 */
export function localPlace<Place extends Site>(place: Place, url: string, target: LocalTarget): Place {
  const configuration = localConfiguration(place.configuration, url, target)
  return {
    ...place,
    configuration,
    connect: async (name: string): Promise<Provider> => {
      const provider = name === LOCAL_PROVIDER ? await connectTo(place, target) : await place.connect(name)
      return name === LOCAL_PROVIDER ? { ...provider, baseUrl: url } : provider
    },
  }
}

function localConfiguration(configuration: Configuration, url: string, { isHttpAllowed }: LocalTarget): Configuration {
  const { settings } = configuration
  return {
    ...configuration,
    // There is nothing to save: what a canary finds out, the first rows do.
    settings: { ...settings, canary: { ...settings.canary, isOn: false } },
    credentialsFor: (entry) =>
      entry.name === LOCAL_PROVIDER
        ? {
            apiKey: SIMULATED_KEY,
            baseUrl: url,
            isHttpAllowed,
            keyFrom: 'command',
            keyVariable: '--local',
            warning: null,
          }
        : configuration.credentialsFor(entry),
    hasKeyFor: (entry) => entry.name === LOCAL_PROVIDER || configuration.hasKeyFor(entry),
    baseUrlOf: (entry) => (entry.name === LOCAL_PROVIDER ? url : configuration.baseUrlOf(entry)),
  }
}

async function connectTo(place: Site, { baseUrl, isHttpAllowed, key }: LocalTarget): Promise<Provider> {
  const { clock, configuration, environment, random } = place
  // Servers without keys take any, and the adapter sends one.
  const credentials = { apiKey: key ?? SIMULATED_KEY, baseUrl, isHttpAllowed }
  const { settings } = configuration
  return await connectProvider(LOCAL_PROVIDER, {
    configuration: { credentialsFor: () => credentials, settings },
    environment,
    clock,
    random,
  })
}
