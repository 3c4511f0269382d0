import { placeOf, type RemoteInventory, remoteInventory } from '../../drive/remote/inventory.ts'
import type { UnknownBatch } from '../../drive/remote.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { chosenProviders } from './choose-provider.ts'

/** Looks at one provider, or at all that have a key, for what was made within a time. */
export async function takeInventory(
  workspace: Workspace,
  { provider: wanted, sinceMs }: { readonly provider: string | undefined; readonly sinceMs: number },
): Promise<readonly RemoteInventory[]> {
  const { clock, store } = workspace
  const since = new Date(Math.max(0, clock.now() - sinceMs))
  const sights: RemoteInventory[] = []
  for (const provider of await chosenProviders(workspace, wanted)) {
    sights.push(await remoteInventory(store, provider, since, new AbortController().signal))
  }
  return sights
}

/** What lies at providers for `--json`. Instants are ISO texts. */
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
