import { listRemote, type UnknownBatch, type UnknownFile, unknownBatches, unknownFiles } from '../../drive/remote.ts'
import { type UnsentWork, unsentWork } from '../../drive/unsent-work.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { chosenProviders } from './choose-provider.ts'

/** Batches and files that `remote` has seen at one provider. */
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

/** Looks at one provider, or at all that have a key, for what was made within a time. */
export async function takeInventory(
  workspace: Workspace,
  { provider: wanted, sinceMs }: { readonly provider: string | undefined; readonly sinceMs: number },
): Promise<readonly RemoteInventory[]> {
  const { clock, store } = workspace
  const known = await store.knownRemotes()
  const since = new Date(Math.max(0, clock.now() - sinceMs))
  const sights: RemoteInventory[] = []
  for (const provider of await chosenProviders(workspace, wanted)) {
    const { batches, files } = await listRemote(provider, since, new AbortController().signal)
    sights.push({
      provider: provider.name,
      baseUrl: provider.baseUrl,
      batches: unknownBatches(batches.batches, known),
      files: unknownFiles(files.files, known, batches.batches),
      unsent: await unsentWork(store, provider),
      doubts: [batches, files].flatMap((listing) => (listing.isConclusive ? [] : [listing.reason])),
    })
  }
  return sights
}

/** The run's batch whose place an unknown batch can take. */
export function placeOf({ unsent }: RemoteInventory, { markers }: UnknownBatch): UnsentWork | undefined {
  return unsent.find(({ contentHash }) => contentHash === markers?.contentHash)
}

/** The same for `--json`. Instants are ISO texts. */
export function remoteDocument(sights: readonly RemoteInventory[]) {
  return {
    version: 1,
    providers: sights.map((sight) => ({
      provider: sight.provider,
      baseUrl: sight.baseUrl,
      isComplete: sight.doubts.length === 0,
      doubts: sight.doubts,
      batches: sight.batches.map((unknown) => batchDocument(sight, unknown)),
      files: sight.files.map(({ file, inputOf, isOurs, resultsOf }) => ({
        id: file.id,
        isOurs,
        name: file.name,
        bytes: file.bytes,
        createdAt: file.createdAt?.toISOString() ?? null,
        inputOf,
        resultsOf,
      })),
    })),
  }
}

function batchDocument(sight: RemoteInventory, unknown: UnknownBatch): object {
  const { batch, markers } = unknown
  const place = placeOf(sight, unknown)
  return {
    id: batch.id,
    isOurs: markers !== null,
    status: batch.rawStatus,
    requests: batch.counts?.total ?? null,
    createdAt: batch.createdAt?.toISOString() ?? null,
    contentHash: markers?.contentHash ?? null,
    inputFileId: batch.inputFileId,
    adoptableInto: place === undefined ? null : { run: place.runId, batch: place.batch },
  }
}
