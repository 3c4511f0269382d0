import { placeOf, type RemoteInventory, remoteInventory } from '../drive/remote/inventory.ts'
import type { UnknownBatch } from '../drive/remote.ts'
import { DAY_MS } from '../lib/duration.ts'
import type { Provider } from '../providers/provider.ts'
import type { RemoteAnswer, RemoteProvider, UnknownRemoteBatch } from './contract.ts'
import { readNumber } from './http/parameters.ts'
import { toldError } from './http/replies.ts'
import type { UiSurroundings } from './surroundings.ts'

/** What is listed where no time is given: a month, in which results are kept. */
const SINCE_MS = 31 * DAY_MS

/** What providers have that no run of the home knows. Each is asked now, with the user's key; nothing there is changed. */
export async function remoteAnswer(
  { home, providers: chosen, stopping }: UiSurroundings,
  query: { readonly provider?: string; readonly sinceMs?: string },
): Promise<RemoteAnswer> {
  const lookedAt = home.clock.now()
  const sinceAt = Math.max(0, lookedAt - readNumber(query.sinceMs, 'sinceMs', SINCE_MS))
  const providers = await chosen(query.provider)
  const seen = await Promise.all(
    providers.map(async (provider) => {
      try {
        return providerSeen(await remoteInventory(home.store, provider, new Date(sinceAt), stopping))
      } catch (error) {
        // The others are told all the same.
        return providerUnseen(provider, error)
      }
    }),
  )
  return { lookedAt, sinceAt, providers: seen }
}

function providerSeen(sight: RemoteInventory): RemoteProvider {
  const { baseUrl, batches, doubts, files, provider } = sight
  return {
    provider,
    baseUrl,
    batches: batches.map((unknown) => batchSeen(sight, unknown)),
    files: files.map(({ file, inputOf, isOurs, resultsOf }) => ({
      id: file.id,
      isOurs,
      name: file.name,
      bytes: file.bytes,
      createdAt: file.createdAt?.getTime() ?? null,
      inputOf,
      resultsOf,
    })),
    doubts,
    failure: null,
  }
}

function batchSeen(sight: RemoteInventory, unknown: UnknownBatch): UnknownRemoteBatch {
  const { batch, markers } = unknown
  const place = placeOf(sight, unknown)
  return {
    id: batch.id,
    isOurs: markers !== null,
    status: batch.status,
    rawStatus: batch.rawStatus,
    requests: batch.counts?.total ?? null,
    createdAt: batch.createdAt?.getTime() ?? null,
    inputFileId: batch.inputFileId,
    adoptableInto: place === undefined ? null : { run: place.runId, batch: place.batch },
  }
}

function providerUnseen({ baseUrl, name }: Provider, error: unknown): RemoteProvider {
  const { message, next = '' } = toldError(error)
  return { provider: name, baseUrl, batches: [], files: [], doubts: [], failure: `${message}. ${next}`.trim() }
}
