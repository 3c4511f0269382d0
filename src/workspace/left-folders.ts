import { join } from 'node:path'
import { isRunId } from '../model/ids.ts'
import type { Workspace } from './workspace.ts'

/** A folder of a run is left alone for this long after the day that its id names: the run may be being made. */
const GRACE_MS = 2 * 86_400_000

/**
 * Ids of runs whose files lie in the home and that the home does not know any more: what a removal left when it was cut
 * short, or what is newer than a catalog that was restored from a backup. Sorted.
 */
export async function leftFolders({
  clock,
  disk,
  filesFolder,
  store,
}: Pick<Workspace, 'clock' | 'disk' | 'filesFolder' | 'store'>): Promise<readonly string[]> {
  const found = (await disk.list(join(filesFolder, 'runs'))).filter(isRunId)
  // Read after the folders, so that a run that was made meanwhile is known.
  const known = new Set((await store.listRuns()).map(({ id }) => id))
  return found.filter((id) => !known.has(id) && Date.parse(id.slice(-10)) + GRACE_MS < clock.now())
}
