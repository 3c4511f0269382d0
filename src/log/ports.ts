import type { Disk } from '../lib/disk.ts'
import type { RunFolder } from '../store/run-folder.ts'

/** What the files of a run are read and written with. */
export interface LogPorts {
  readonly disk: Disk
  readonly folder: RunFolder
}
