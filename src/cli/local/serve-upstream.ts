import { join } from 'node:path'
import { writeAtomically } from '../../lib/atomic-file.ts'
import { systemClock } from '../../lib/clock.ts'
import { systemDisk } from '../../lib/disk.ts'
import { systemRandom } from '../../lib/random.ts'
import { LlmBatchError } from '../../model/error.ts'
import { LOCAL } from '../../providers/local/entry.ts'
import { addressesOf } from '../../server/addresses.ts'
import { startUpstreamServer } from '../../server/start.ts'
import type { Upstream } from '../../server/upstream/upstream.ts'
import type { Lock } from '../../store/store.ts'
import { untilSignalled } from '../drive/interruption.ts'
import type { Shell } from '../shell.ts'
import { upstreamAt, upstreamPlace } from './upstream-access.ts'

/** Flags of `serve --upstream`. */
export interface UpstreamFlags {
  readonly upstream: string
  readonly upstreamKey?: string | undefined
  readonly concurrency?: number | undefined
  readonly rowTimeout?: number | undefined
  readonly retryExecuted?: boolean | undefined
  readonly port?: number | undefined
  readonly expireAfter?: number | undefined
  readonly queueTokens?: number | undefined
  readonly maxRequests?: number | undefined
  readonly maxBytes?: number | undefined
}

/** Bytes of the key that clients of the server need. */
const KEY_BYTES = 24

/** `llm-batch serve --upstream URL`: batches that a server of models executes, until the process is stopped. */
export async function serveUpstream(shell: Shell, folder: string, flags: UpstreamFlags): Promise<void> {
  const { environment } = shell.machine
  const named = { flag: '--upstream', url: flags.upstream, keyVariable: flags.upstreamKey ?? null }
  const upstream = upstreamAt(upstreamPlace(environment, named), environment, systemClock)
  const lock = await lockFolder(folder)
  try {
    await serve(shell, folder, { flags, upstream })
  } finally {
    lock.release()
  }
}

async function serve(
  shell: Shell,
  folder: string,
  { flags, upstream }: { readonly flags: UpstreamFlags; readonly upstream: Upstream },
): Promise<void> {
  const key = await keptKey(folder)
  const server = await startUpstreamServer({
    upstream,
    folder,
    port: flags.port,
    concurrency: flags.concurrency,
    rowTimeoutMs: flags.rowTimeout,
    retriesExecuted: flags.retryExecuted,
    expireAfterMs: flags.expireAfter,
    queueTokens: flags.queueTokens,
    maxRequests: flags.maxRequests,
    maxBytes: flags.maxBytes,
    acceptedKeys: [key],
    onTrouble: (reason) => shell.tell(`${upstream.url} does not take requests: ${reason}. They are asked again.`),
    onFailure: ({ batchId, error }) => shell.tell(`Batch ${batchId} failed: ${error.message}`),
  })
  // Listened for before anyone is told that Ctrl-C stops it.
  const signalled = untilSignalled()
  try {
    for (const { baseUrlVariable, keyVariable, url } of addressesOf(server).slice(0, 1)) {
      await shell.print(`export ${baseUrlVariable}=${url} ${keyVariable}=${key}\n`)
    }
    await shell.print(`export ${LOCAL.baseUrlVariable}=${server.baseUrl} ${LOCAL.keyVariable}=${key}\n`)
    shell.tell(`Serving batches of ${upstream.url} from ${folder}. Stop with Ctrl-C.`)
    await signalled
    if (flags.retryExecuted !== true) {
      shell.tell('Stopping when what is on its way is answered. Press Ctrl-C again to leave at once.')
    }
  } finally {
    await server.close()
  }
}

/** Two servers on the same files would ask for every row twice. */
async function lockFolder(folder: string): Promise<Lock> {
  const { FolderLocks } = await import('../../store/folder/locks.ts')
  try {
    return await new FolderLocks(systemDisk, folder).lockStarts('server')
  } catch (error) {
    if (!LlmBatchError.isInstance(error) || error.code !== 'busy') throw error
    throw new LlmBatchError('busy', `another server works in ${folder}`, {
      next: 'Stop that one, or name another folder with --folder.',
      cause: error,
    })
  }
}

/** The key that other programs of the machine do not know; the same after a restart. */
async function keptKey(folder: string): Promise<string> {
  const path = join(folder, 'key')
  const kept = await systemDisk.readText(path)
  if (kept !== undefined) return kept
  const key = Buffer.from(systemRandom.bytes(KEY_BYTES)).toString('hex')
  await writeAtomically(systemDisk, path, async (writer) => {
    await writer.writeText(key)
  })
  return key
}
