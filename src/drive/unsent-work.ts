import { isFinished } from '../model/run.ts'
import type { Provider } from '../providers/provider.ts'
import type { Store } from '../store/store.ts'
import { isUnsent } from './remote.ts'

/** A batch of a run here that is still to be sent. */
export interface UnsentWork {
  readonly runId: string
  readonly batch: number
  readonly contentHash: string
}

/** The batches of all runs here that are still to be sent to this provider. */
export async function unsentWork(
  store: Store,
  provider: Pick<Provider, 'name' | 'baseUrl'>,
): Promise<readonly UnsentWork[]> {
  const work: UnsentWork[] = []
  for (const { definition, id: runId, state } of await store.listRuns()) {
    const isElsewhere = definition.provider !== provider.name || definition.baseUrl !== provider.baseUrl
    if (isElsewhere || isFinished(state) || state === 'preparing') continue
    for (const attempt of await store.read(runId).unfinishedAttempts()) {
      if (isUnsent(attempt)) work.push({ runId, batch: attempt.batch, contentHash: attempt.contentHash })
    }
  }
  return work
}
