import { LlmBatchError } from '../../model/error.ts'
import type { AnyOptions } from '../../model/options/options.ts'
import type { Site } from '../../workspace/workspace.ts'
import type { Shell } from '../shell.ts'
import { localModelOf } from './local-options.ts'
import { localPlace } from './local-place.ts'
import { upstreamPlace } from './upstream-access.ts'

/** The place of work of a new run: one that knows its model server, where the flags name such; else the same. */
export function placeFor<Place extends Site>(shell: Shell, place: Place, flags: AnyOptions): Place {
  const local = localModelOf(shell, flags)
  if (local === undefined) return place
  if (place.home.kind === 'database') {
    throw new LlmBatchError('usage', 'a run with --local needs a home in a folder, and this one is a database', {
      next: 'Name a folder of this machine with --home.',
    })
  }
  const { isHttpAllowed, key, url } = upstreamPlace(shell.machine.environment, {
    flag: '--local',
    url: local.url,
    keyVariable: flags.localKey ?? null,
  })
  return localPlace(place, url, { baseUrl: url, key, isHttpAllowed })
}
