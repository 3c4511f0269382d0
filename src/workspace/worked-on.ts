import { isRunLocked } from '../store/lock.ts'
import { runFolder } from '../store/run-folder.ts'
import type { Workspace } from './workspace.ts'

/** True while a process works on the run; false after that process has ended in any way, SIGKILL and a power loss too. */
export async function isWorkedOn({ disk, home }: Pick<Workspace, 'disk' | 'home'>, runId: string): Promise<boolean> {
  return await isRunLocked(disk, runFolder(home, runId).lock)
}
