import type { RunDefinition } from '../model/run.ts'
import type { WorkHashes } from '../prepare/definition.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { Workspace } from '../workspace/workspace.ts'

/** The newest run of the home that has this work for the same place; undefined where there is none. */
export async function sameRun(
  { store }: Pick<Workspace, 'store'>,
  { requestsHash, rowsHash }: WorkHashes,
  { baseUrl }: Pick<RunDefinition, 'baseUrl'>,
): Promise<RunRecord | undefined> {
  return (await store.listRuns()).find(
    (run) =>
      run.state !== 'preparing' &&
      run.requestsHash === requestsHash &&
      run.rowsHash === rowsHash &&
      run.definition.baseUrl === baseUrl,
  )
}
