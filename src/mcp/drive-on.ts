import { dirname } from 'node:path'
import type { AgentHome } from './agent-home.ts'

/** Between two looks whether the other process has the run, and how long it is given on a busy machine. */
const LOOK_MS = 50
const MOST_WAIT_MS = 20_000

/**
 * Has a process of its own carry a command out that drives the run, where no process drives it, and waits until it has the
 * run or has ended. The lock of the run lets one process alone drive it, whatever is started.
 */
export async function driveOn(
  { logOf, place, workspace }: AgentHome,
  runId: string,
  command: 'resume' | 'cancel' = 'resume',
): Promise<void> {
  const { clock, store } = workspace
  if (await store.isRunLocked(runId)) return
  const log = logOf(runId)
  await place.disk.makeFolder(dirname(log))
  const { ended } = await place.startCommand(command, runId, log)
  const over = new AbortController()
  void ended.finally(() => over.abort())
  const startedAt = clock.monotonic()
  while (!over.signal.aborted && clock.monotonic() - startedAt < MOST_WAIT_MS) {
    if (await store.isRunLocked(runId)) return
    await clock.sleep(LOOK_MS, over.signal)
  }
}
