import { DAY_MS } from '../../lib/duration.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { AnyOptions } from '../../model/options/options.ts'
import { startUpstreamServer } from '../../server/start.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { Shell } from '../shell.ts'
import { withFlags } from './local-options.ts'
import { localPlace } from './local-place.ts'
import { upstreamAt, upstreamPlace } from './upstream-access.ts'

/** A model of the user's own is never too late. */
const EXPIRE_AFTER_MS = 10 * 365 * DAY_MS

/** Between two looks at a batch of a server in the same process. */
const LOOK_MS = { first: 100, most: 1_000 }

/** Bytes of the key by which this process, and no other of the machine, uses its server. */
const KEY_BYTES = 24

/** A workspace in which the batches of a run are executed, and the server that does it. */
export interface ServedRun {
  readonly workspace: Workspace
  close(): Promise<void>
}

/**
 * Starts the local batch server of a run with a model of the user's own, for as long as a command drives it: its files lie
 * in the folder of the run, whose lock the caller holds.
 */
export async function serveRun(
  shell: Shell,
  workspace: Workspace,
  { definition, id }: RunRecord,
  flags: AnyOptions,
): Promise<ServedRun> {
  const { baseUrl: url, local } = definition
  if (local === undefined) throw new Error(`run ${id} asks no model server`)
  if (flags.wait === false) {
    throw new LlmBatchError('usage', `--no-wait makes no sense with run ${id}: this command itself asks its model`, {
      next: 'Leave it out; after Ctrl-C the run goes on with the same command.',
    })
  }
  const { concurrency, rowTimeoutMs } = withFlags(local, flags)
  const keyVariable = keyVariableOf(id, url, local.hasKey, flags)
  const { clock, environment } = workspace
  const place = upstreamPlace(environment, { flag: '--local', url, keyVariable })
  const upstream = upstreamAt(place, environment, clock)
  const key = Buffer.from(workspace.random.bytes(KEY_BYTES)).toString('hex')
  const folder = workspace.folderOf(id).localServer
  await workspace.disk.makeFolder(folder)
  const server = await startUpstreamServer({
    upstream,
    folder,
    concurrency,
    rowTimeoutMs,
    // It costs nothing but time, and every row is to have an answer.
    retriesExecuted: true,
    backoffMs: workspace.configuration.settings.waits.retryBackoff.firstMs / 5,
    expireAfterMs: EXPIRE_AFTER_MS,
    acceptedKeys: [key],
    onTrouble: (reason) => shell.warn(`the model server does not take requests: ${reason}. They are asked again.`),
    onFailure: ({ batchId, error }) => shell.warn(`batch ${batchId} failed: ${error.message}`),
    clock,
  })
  const target = { baseUrl: server.baseUrl, key, isHttpAllowed: false }
  return {
    workspace: { ...quickened(localPlace(workspace, url, target)), isServingLocal: true },
    close: () => server.close(),
  }
}

/** The variable that holds the key, which the user names for each command anew. */
function keyVariableOf(id: string, url: string, hasKey: boolean, { localKey }: AnyOptions): string | null {
  if (localKey !== undefined || !hasKey) return localKey ?? null
  throw new LlmBatchError('configuration', `run ${id} needs the key of the model server at ${url}`, {
    next: 'If that is your server, name the environment variable that holds its key: --local-key VARIABLE.',
  })
}

/** The same with short waits: no create of another process can still arrive at this server, and looks cost nothing. */
function quickened(workspace: Workspace): Workspace {
  const { configuration } = workspace
  const { settings } = configuration
  const { waits } = settings
  const pollMs = Math.min(waits.pollMs, LOOK_MS.first)
  const pollMostMs = Math.min(waits.pollMostMs, LOOK_MS.most)
  const quick = { ...waits, pollMs, pollMostMs, settleMs: LOOK_MS.most, unfencedMs: LOOK_MS.most }
  return { ...workspace, configuration: { ...configuration, settings: { ...settings, waits: quick } } }
}
