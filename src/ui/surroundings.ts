import type { Provider } from '../providers/provider.ts'
import type { Workspace } from '../workspace/workspace.ts'
import type { RunActions } from './actions/run-actions.ts'
import type { Comparisons } from './compare/comparisons.ts'
import type { PageFiles } from './http/page-files.ts'
import type { LiveRuns } from './live/live-runs.ts'
import type { OpenedRuns } from './runs/opened-runs.ts'

/** Everything that the routes of the page's server work with. */
export interface UiSurroundings {
  /** The home as it is looked at: its disk takes no writes. */
  readonly home: Workspace
  readonly runs: OpenedRuns
  readonly live: LiveRuns
  readonly comparisons: Comparisons
  /** The provider of this name, or all that have a key. */
  readonly providers: (name: string | undefined) => Promise<readonly Provider[]>
  readonly page: PageFiles
  readonly access: UiAccess
  /** What the page may have done; null where it only shows. */
  readonly actions: RunActions | null
  /** Aborted when the server is being stopped. */
  readonly stopping: AbortSignal
  /** Told of what is a bug of ours. */
  readonly onTrouble: (error: unknown) => void
}

/** Terms of being let in. */
export interface UiAccess {
  /** The secret in the address that was printed. */
  readonly token: string
  /** Of this server alone: a browser sends cookies to every port of a host. */
  readonly cookie: string
  /** The address that it listens at, as it was named. */
  readonly address: string
}
