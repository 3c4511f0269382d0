import { isReopened } from '../model/reopening.ts'
import type { TallyGroup } from '../model/tally.ts'
import type { BatchRecord } from '../store/port/batch.ts'
import type { RunStore } from '../store/store.ts'

/** Requests that stand alike, and the batch that they are counted in. */
export interface StandingGroup {
  readonly batch: BatchRecord
  readonly group: TallyGroup
}

/** How all requests of a run stand; what is to be sent again counts as pending. */
export async function standingOf(store: Pick<RunStore, 'batches' | 'record'>): Promise<readonly StandingGroup[]> {
  const { reopenings } = await store.record()
  return (await store.batches()).flatMap((batch) =>
    batch.tally.map((group): StandingGroup => {
      const isPending = reopenings.some((reopening) => isReopened(reopening, group, batch.number))
      return { batch, group: isPending ? { ...group, state: 'pending' } : group }
    }),
  )
}
