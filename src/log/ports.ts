import type { Disk } from '../lib/disk.ts'
import type { RunFolder } from '../store/run-folder.ts'

/** Ports for the files of a run. */
export interface LogPorts {
  readonly disk: Disk
  readonly folder: RunFolder
}
