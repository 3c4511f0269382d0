import { writeAtomically } from '../lib/atomic-file.ts'
import { assertNamed, type NamedFile } from '../log/named-file.ts'
import { PassingFile } from '../log/passing-file.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import type { ResultFile } from '../model/result-ref.ts'
import { type Provider, ProviderError } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { CollectPorts } from './ports.ts'

/** Ports by which a result file is fetched again. */
export interface FetchAgainPorts extends Pick<CollectPorts, 'disk' | 'folder'> {
  /** The provider of the run with today's key; throws `configuration` where there is none. */
  readonly connect: () => Promise<Provider>
}

/** Result of fetching a file again: it was whole, it is whole now, or why it is not. */
export type FetchedAgain = 'whole' | 'fetched' | { readonly why: string }

/** The bytes that the provider gives now are not those that were collected. */
class OtherBytes extends Error {}

/**
 * Brings a damaged or absent raw result file of a settled attempt from the provider once more, where that still has the very
 * bytes that the catalog names, by size and hash; otherwise leaves everything as it is. Sends nothing that costs. May be
 * repeated.
 */
export async function fetchResultAgain(
  { connect, disk }: FetchAgainPorts,
  { remoteId }: Pick<AttemptRecord, 'remoteId'>,
  file: ResultFile & NamedFile,
  signal: AbortSignal,
): Promise<FetchedAgain> {
  if (await isWhole(() => assertNamed(disk, file))) return 'whole'
  if (remoteId === null) return { why: 'no provider keeps what was asked directly' }
  try {
    const provider = await connect()
    const result = (await provider.get(remoteId, signal)).results.find(({ role }) => role === file.role)
    if (result === undefined) return { why: `${provider.name} does not have the file any more` }
    const passing = new PassingFile()
    await writeAtomically(disk, file.path, async (writer) => {
      for await (const bytes of passing.through(provider.read(result, signal))) {
        if (writer.position + bytes.length > file.bytes) throw new OtherBytes()
        await writer.writeBytes(bytes)
      }
      if (passing.facts().sha256 !== file.sha256) throw new OtherBytes()
    })
    return 'fetched'
  } catch (error) {
    return { why: whyNot(error) }
  }
}

async function isWhole(look: () => Promise<void>): Promise<boolean> {
  try {
    await look()
    return true
  } catch (error) {
    if (LlmBatchError.isInstance(error)) return false
    throw error
  }
}

function whyNot(error: unknown): string {
  if (error instanceof OtherBytes) return 'the provider gives other bytes than those that were collected'
  if (error instanceof ProviderError) {
    const { kind } = error.failure
    return kind === 'absent'
      ? 'the provider does not have it any more'
      : `it could not be fetched again: ${error.message}`
  }
  if (LlmBatchError.isInstance(error)) return `it could not be fetched again: ${messageOf(error)}`
  throw error
}
