import { dirname } from 'node:path'
import { writeAtomically } from '../lib/atomic-file.ts'
import { unanswered } from '../model/failure.ts'
import type { ResultRef } from '../model/result-ref.ts'
import { type Provider, ProviderError } from '../providers/provider.ts'
import type { CollectPorts, ResultLimits } from './ports.ts'

type Ports = Pick<CollectPorts, 'disk' | 'provider'>

/** A result of a batch, where it is kept, and the size that the provider told when it was fetched; null where it did not. */
export interface KeptResult {
  readonly result: ResultRef
  readonly path: string
  readonly told: number | null
}

/** What a file may have beyond the size that the provider tells: some servers tell an estimate. */
const LEAST_MARGIN_BYTES = 2 ** 20

/**
 * Brings a result file to disk byte for byte: a temporary name, fsync, rename. A file under its final name came to its end
 * and is not fetched again; whether it is all of it, `sizeDoubt` and its rows must tell. A body that goes on beyond twice
 * the size that the provider tells, or beyond the limit where it tells none, is given up with code `oversized_file`. Returns
 * the size that the provider told, null where it did not, or was not asked. May be repeated.
 */
export async function downloadFile(
  ports: Ports,
  options: {
    readonly result: ResultRef
    readonly path: string
    readonly limits: ResultLimits
    /** False where the size alone tells whether a file is whole: then one that is too short is refused. */
    readonly isProvedByRows: boolean
  },
  signal: AbortSignal,
): Promise<number | null> {
  const { disk, provider } = ports
  const { isProvedByRows, limits, path, result } = options
  const { id } = result
  if ((await disk.size(path)) !== undefined) {
    // The process that put it there may have died before its name was on disk, and what is built on it will be.
    await disk.syncFolder(dirname(path))
    return null
  }
  const told = await toldBytes(provider, id, signal)
  const mostBytes = mostBytesOf(told, limits)
  await writeAtomically(disk, path, async (writer) => {
    for await (const bytes of provider.read(result, signal)) {
      if (writer.position + bytes.length > mostBytes) throw oversized(id, told, mostBytes)
      await writer.writeBytes(bytes)
    }
    if (!isProvedByRows && told !== null && writer.position < told) throw damaged(cameWith(id, writer.position, told))
  })
  return told
}

function mostBytesOf(told: number | null, { grantedBytes, untoldBytes }: ResultLimits): number {
  return told === null ? untoldBytes : Math.max(2 * told + LEAST_MARGIN_BYTES, grantedBytes)
}

/**
 * Why the file at this path may not be all that the provider holds, by the size that it tells, or told before it was fetched;
 * null where nothing speaks against it. Where sizes are estimates, only the rows prove a file whole.
 */
export async function sizeDoubt(
  { disk, provider }: Ports,
  { path, result: { id }, told: before }: KeptResult,
  signal: AbortSignal,
): Promise<string | null> {
  // A server that does not find its own file for a moment tells no size.
  const told = (await toldBytes(provider, id, signal)) ?? before
  const bytes = await disk.size(path)
  return told === null || told === bytes ? null : cameWith(id, bytes ?? 0, told)
}

function cameWith(fileId: string, bytes: number, told: number): string {
  return `file ${fileId} came with ${bytes} of its ${told} bytes`
}

/** The code of a download that was given up because it did not end where it should. */
export const OVERSIZED = 'oversized_file'

function oversized(fileId: string, told: number | null, mostBytes: number): ProviderError {
  const should = told === null ? `${mostBytes} bytes were expected at most` : `it should have ${told} bytes`
  return unusable(OVERSIZED, `file ${fileId} was given up after ${mostBytes} bytes: ${should}`)
}

/** A download that cannot be what the provider holds; fetched again later, never read. */
export function damaged(message: string): ProviderError {
  return unusable('damaged_file', message)
}

function unusable(code: string, message: string): ProviderError {
  return new ProviderError(unanswered('shape', message, code))
}

/** The size the provider gives, or null where it does not describe the files it made (some servers do not). */
async function toldBytes(provider: Provider, fileId: string, signal: AbortSignal): Promise<number | null> {
  if (!provider.file) return null
  try {
    const file = await provider.file(fileId, signal)
    return file === 'absent' ? null : file.bytes
  } catch (error) {
    if (error instanceof ProviderError && error.failure.kind === 'refused') return null
    throw error
  }
}
