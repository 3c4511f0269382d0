import type { Provider } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import type { Workspace } from '../workspace/workspace.ts'
import type { CallPlaces } from './call-request.ts'

/** Where the calls of a client of this provider go, and which of them rows of its batches can be. */
export function placesOf({ configuration }: Pick<Workspace, 'configuration'>, provider: Provider): CallPlaces {
  const entry = findProvider(provider.name)
  return {
    provider: provider.name,
    // Nothing is sent to where the client points, so that it may point to where the provider usually is.
    roots: [...new Set([configuration.baseUrlOf(entry), entry.defaultBaseUrl])].flatMap(rootsOf),
    takes: (endpoint, model) =>
      provider.synchronous?.(endpoint) !== undefined &&
      provider.limits({ provider: provider.name, endpoint, model }).isEndpointKnown,
  }
}

/** Some clients have the version in their root, some in their paths. */
function rootsOf(baseUrl: string): readonly string[] {
  return [baseUrl, baseUrl.replace(/\/v1$/, '')]
}
