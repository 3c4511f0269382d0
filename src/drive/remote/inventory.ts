import type { Provider } from '../../providers/provider.ts'
import type { Store } from '../../store/store.ts'
import { listRemote, type UnknownBatch, type UnknownFile, unknownBatches, unknownFiles } from '../remote.ts'
import { type UnsentWork, unsentWork } from '../unsent-work.ts'

/** Batches and files at one provider that no run of a home knows. */
export interface RemoteInventory {
  readonly provider: string
  readonly baseUrl: string
  readonly batches: readonly UnknownBatch[]
  readonly files: readonly UnknownFile[]
  /** What runs here have still to send there; a batch of the same content can be taken over. */
  readonly unsent: readonly UnsentWork[]
  /** Why there may be more than was listed. */
  readonly doubts: readonly string[]
}

/** The run's batch whose place an unknown batch can take. */
export function placeOf({ unsent }: RemoteInventory, { markers }: UnknownBatch): UnsentWork | undefined {
  return unsent.find(({ contentHash }) => contentHash === markers?.contentHash)
}

/** Lists what lies at a provider since an instant and no run of the home knows; reads only. */
export async function remoteInventory(
  store: Store,
  provider: Provider,
  since: Date,
  signal: AbortSignal,
): Promise<RemoteInventory> {
  const known = await store.knownRemotes()
  const { batches, files } = await listRemote(provider, since, signal)
  return {
    provider: provider.name,
    baseUrl: provider.baseUrl,
    batches: unknownBatches(batches.batches, known),
    files: unknownFiles(files.files, known, batches.batches),
    unsent: await unsentWork(store, provider),
    doubts: [batches, files].flatMap((listing) => (listing.isConclusive ? [] : [listing.reason])),
  }
}
