import { join } from 'node:path'
import { whileNoOtherStarts } from '../workspace/start-lock.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { AcceptedPrices } from './accepted.ts'
import type { AgentPlace } from './agent-place.ts'
import type { PathRules } from './allowed-paths.ts'
import { Offers } from './offers.ts'

/** An opened home with what agents keep in it. */
export interface AgentHome {
  readonly place: AgentPlace
  readonly workspace: Workspace
  readonly offers: Offers
  readonly accepted: AcceptedPrices
  /** US dollars that may be accepted without a person within 24 hours. */
  readonly upToUsd: number
  readonly paths: PathRules
  /** The file that holds what the process has said that drove a run last. */
  readonly logOf: (runId: string) => string
}

/** Opens the home of the place, does the work in it, and closes it again. */
export async function inAgentHome<Result>(
  place: AgentPlace,
  work: (home: AgentHome) => Promise<Result>,
): Promise<Result> {
  return await place.withHome((workspace) => {
    const folder = join(workspace.localFolder, 'mcp')
    const { acceptUpToUsd: upToUsd, disk, roots, workingFolder } = place
    return work({
      place,
      workspace,
      offers: new Offers(disk, folder, (what, change) => whileNoOtherStarts(workspace, what, change)),
      accepted: new AcceptedPrices(disk, folder),
      upToUsd,
      paths: { workingFolder, roots, closed: [workspace.localFolder, workspace.filesFolder] },
      logOf: (runId) => join(folder, `${runId}.log`),
    })
  })
}
