import type { Failure } from '../model/failure.ts'
import type { Reason } from '../model/reason.ts'
import type { Provider } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'

/** Times that a call must be answered so before its path, and not a moment's trouble, is the likely cause. */
export const UNKNOWN_PATH_TRIES = 3

/**
 * True where a server answered that it does not know the path of a call that needs no id: there is no such API below the
 * base URL. The shape of the answer says nothing, since it is the page of whatever server stands there.
 */
export function isPathUnknown(failure: Pick<Failure, 'status'> | undefined): boolean {
  return failure?.status === 404 || failure?.status === 405
}

/** Why a run is held whose base URL leads to a server without a batch API below that path. */
export function noBatchApi({ baseUrl, name }: Pick<Provider, 'baseUrl' | 'name'>, { message }: Failure): Reason {
  const { baseUrlVariable: variable, defaultBaseUrl } = findProvider(name)
  return { kind: 'no_batch_api', provider: name, baseUrl, words: message, variable, defaultBaseUrl }
}
