import type { Settings } from '../config/settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import type { Emit } from '../model/event.ts'
import type { Provider } from '../providers/provider.ts'
import type { RunFolder } from '../store/run-folder.ts'
import type { RunStore } from '../store/store.ts'

/** What collecting needs of the world. */
export interface CollectPorts {
  readonly store: RunStore
  readonly provider: Provider
  readonly disk: Disk
  readonly clock: Clock
  readonly settings: Settings
  readonly folder: RunFolder
  /** True once the user has cancelled the run: nothing goes back to be sent again. */
  readonly isCancelling: boolean
  readonly emit: Emit
}
