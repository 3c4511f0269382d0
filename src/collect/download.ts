import { dirname } from 'node:path'
import { writeAtomically } from '../lib/atomic-file.ts'
import { type Provider, ProviderError } from '../providers/provider.ts'
import type { CollectPorts } from './ports.ts'

type Ports = Pick<CollectPorts, 'disk' | 'provider'>

/**
 * Brings a result file to disk byte for byte: a temporary name, size against what the provider says of the file, fsync,
 * rename. A file under its final name is therefore whole, and is not fetched again. May be repeated. Without the size
 * check, for servers whose file objects tell another size than they send, the rows must prove the file whole.
 */
export async function downloadFile(
  ports: Ports,
  options: { readonly fileId: string; readonly path: string; readonly isSizeChecked: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { disk, provider } = ports
  const { fileId, isSizeChecked, path } = options
  if ((await disk.size(path)) !== undefined) {
    // Whoever put it there may have died before its name was on disk, and what is built on it will be.
    await disk.syncFolder(dirname(path))
    return
  }
  const expected = isSizeChecked ? await expectedBytes(provider, fileId, signal) : null
  await writeAtomically(disk, path, async (writer) => {
    for await (const bytes of provider.download(fileId, signal)) await writer.writeBytes(bytes)
    if (expected !== null && writer.position !== expected) {
      throw damaged(`file ${fileId} came with ${writer.position} of its ${expected} bytes`)
    }
  })
}

/** A download that cannot be what the provider holds; fetched again later, never read. */
export function damaged(message: string): ProviderError {
  return new ProviderError({
    kind: 'shape',
    message,
    status: null,
    code: 'damaged_file',
    requestId: null,
    retryAfterMs: null,
  })
}

/** The size the provider gives, or null where it does not describe the files it made (some servers do not). */
async function expectedBytes(provider: Provider, fileId: string, signal: AbortSignal): Promise<number | null> {
  if (!provider.file) return null
  try {
    const file = await provider.file(fileId, signal)
    return file === 'absent' ? null : file.bytes
  } catch (error) {
    if (error instanceof ProviderError && error.failure.kind === 'refused') return null
    throw error
  }
}
