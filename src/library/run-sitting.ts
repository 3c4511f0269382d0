import { PROVIDERS } from '../providers/registry.ts'
import type { RunRecord } from '../store/port/run.ts'
import { watchQueues } from '../telemetry/queues.ts'
import type { Sitting } from '../telemetry/sitting.ts'
import { beginSitting } from '../telemetry/telemetry.ts'
import type { Workspace } from '../workspace/workspace.ts'

/**
 * Begins to tell OpenTelemetry of a run that this process works on; null where it is not set up here, or not wanted.
 * `preparedAt` is when this process had made the run; null where it was here before.
 */
export async function beginRunSitting(
  { clock, configuration, disk, folderOf }: Workspace,
  { createdAt, definition, id, name, output, requestCount, rowCount }: RunRecord,
  preparedAt: number | null,
  warn: (message: string) => void,
): Promise<Sitting | null> {
  const { isOn, tellsText } = configuration.settings.telemetry
  if (!isOn) return null
  const { inputPaths, model, provider } = definition
  const run = { id, name, createdAt, rowCount, requestCount, provider, model, inputPaths, outputPath: output.path }
  return await beginSitting({ run, path: folderOf(id).traces, disk, clock, preparedAt, providerName, tellsText }, warn)
}

/** Has OpenTelemetry told what the home has at providers, with every reading of metrics until what is returned is called. */
export function watchHomeQueues({ filesPlace, store }: Pick<Workspace, 'filesPlace' | 'store'>): () => Promise<void> {
  return watchQueues({
    home: filesPlace,
    read: async () =>
      (await store.queuedWork()).map((queued) => ({ ...queued, provider: providerName(queued.provider) })),
  })
}

/** A run of a host that is not configured here is told under the name that it has. */
function providerName(name: string): string {
  return (Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name]?.conventionName : undefined) ?? name
}
