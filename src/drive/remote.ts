import { DAY_MS } from '../lib/duration.ts'
import { isTerminal } from '../model/attempt.ts'
import type { FileListing, Listing, Provider, RemoteBatch, RemoteFile } from '../providers/provider.ts'
import type { AttemptRecord, KnownRemote } from '../store/port/attempt.ts'
import { type Markers, markersOf } from '../submit/markers.ts'
import { nonceInFileName } from '../submit/upload.ts'

/**
 * How far back a batch of the same work is looked for: results are kept for thirty days at most, counted from the end
 * of a window of at most seven days, and a day for clocks that differ.
 */
export const LOOK_BACK_MS = 38 * DAY_MS

/** A batch at the provider that no run of this home knows. */
export interface UnknownBatch {
  readonly batch: RemoteBatch
  /** Null for a batch without our marker: foreign. */
  readonly markers: Markers | null
}

/** A file at the provider that no run of this home knows. */
export interface UnknownFile {
  readonly file: RemoteFile
  /** False for a foreign file: neither named like our input files, nor input or result of a batch with our marker. */
  readonly isOurs: boolean
  /** The batches whose input it is, or whose results. */
  readonly inputOf: readonly string[]
  readonly resultsOf: readonly string[]
}

/** The batches that no run of this home knows: neither by their id, nor by their input file, nor by their nonce. */
export function unknownBatches(
  batches: readonly RemoteBatch[],
  known: readonly KnownRemote[],
): readonly UnknownBatch[] {
  const ids = textsOf(known.flatMap(({ batchId, inputFileId, nonce }) => [batchId, inputFileId, nonce]))
  return batches
    .map((batch) => ({ batch, markers: markersOf(batch) }))
    .filter(({ batch, markers }) => ![batch.id, batch.inputFileId, markers?.nonce].some((id) => ids.has(id ?? '')))
}

/** The files that no run of this home knows, with what the batches listed beside them tell of them. */
export function unknownFiles(
  files: readonly RemoteFile[],
  known: readonly KnownRemote[],
  batches: readonly RemoteBatch[],
): readonly UnknownFile[] {
  return files.filter((file) => ownerOfFile(file, known) === undefined).map((file) => describeFile(file, batches))
}

/** What of this home knows a file: as an input or a result, or by the nonce in its name. */
export function ownerOfFile(file: RemoteFile, known: readonly KnownRemote[]): KnownRemote | undefined {
  const nonce = nonceInFileName(file.name)
  return known.find(
    (remote) =>
      remote.nonce === nonce || [remote.inputFileId, remote.outputFileId, remote.errorFileId].includes(file.id),
  )
}

/** Whose a file is, as far as its name and the batches at the provider tell. */
export function describeFile(file: RemoteFile, batches: readonly RemoteBatch[]): UnknownFile {
  const inputOf = batches.filter(({ inputFileId }) => inputFileId === file.id)
  const resultsOf = batches.filter(({ results }) => results.some(({ id }) => id === file.id))
  const isOurs =
    nonceInFileName(file.name) !== null || [...inputOf, ...resultsOf].some((batch) => markersOf(batch) !== null)
  return { file, isOurs, inputOf: inputOf.map(({ id }) => id), resultsOf: resultsOf.map(({ id }) => id) }
}

function textsOf(values: readonly (string | null)[]): ReadonlySet<string> {
  return new Set(values.filter((value) => value !== null))
}

/** True for an attempt of which nothing was created, so that a batch of the same work could take its place. */
export function isUnsent({ heldFrom, stage }: Pick<AttemptRecord, 'heldFrom' | 'stage'>): boolean {
  const from = stage === 'held' ? heldFrom : stage
  return from === 'planned' || from === 'uploaded'
}

/** The unknown batches with this content that have, or may come to have, results; the most useful one first. */
export function sameContent(unknown: readonly UnknownBatch[], contentHash: string): readonly UnknownBatch[] {
  return unknown
    .filter(({ batch, markers }) => markers?.contentHash === contentHash && !isEmpty(batch))
    .toSorted(
      (one, other) =>
        usefulness(one.batch) - usefulness(other.batch) ||
        createdAt(one.batch) - createdAt(other.batch) ||
        one.batch.id.localeCompare(other.batch.id),
    )
}

/** Refused, expired or cancelled without a result: nothing can be taken from it. */
function isEmpty({ results, status }: RemoteBatch): boolean {
  return isTerminal(status) && status !== 'completed' && results.length === 0
}

function usefulness({ status }: RemoteBatch): number {
  if (status === 'completed') return 0
  return isTerminal(status) || status === 'cancelling' ? 2 : 1
}

function createdAt({ createdAt: at }: RemoteBatch): number {
  return at?.getTime() ?? Number.POSITIVE_INFINITY
}

/** Everything that was made at a provider since an instant, and why that may not be all where it may not. */
export interface RemoteListing {
  readonly batches: Listing
  readonly files: FileListing
}

/** Lists batches and files. Throws `ProviderError` where the key is refused. */
export async function listRemote(provider: Provider, since: Date, signal: AbortSignal): Promise<RemoteListing> {
  return {
    batches: await provider.list(since, signal),
    files: (await provider.listFiles?.(since, signal)) ?? { isConclusive: true, files: [] },
  }
}
