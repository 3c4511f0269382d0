import { createHash } from 'node:crypto'
import { writeAtomically } from '../lib/atomic-file.ts'
import { grouped } from '../lib/number.ts'
import { assertDistinctIds, type BatchTask } from './batch-task.ts'
import type { BatchId } from './file-places.ts'
import type { ProcessorContext } from './processor-context.ts'
import { ProcessorError } from './processor-error.ts'

type Ports = Pick<ProcessorContext, 'disk' | 'limits' | 'places' | 'provider'>

/** Writes all tasks to the one task file, in place of an earlier one, and returns its path. */
export async function writeTaskFile(ports: Ports, tasks: Iterable<BatchTask>): Promise<string> {
  await writeLines(ports, ports.places.taskFolder, ports.places.tasks, tasks)
  return ports.places.tasks
}

/**
 * Writes the tasks of one batch and returns the file's path. A batch file is never overwritten by other tasks: the same
 * tasks again change nothing, others throw `ProcessorError`, as do empty or too many tasks and ids used twice.
 */
export async function writeBatchFile(ports: Ports, tasks: readonly BatchTask[], batchId: BatchId): Promise<string> {
  const { disk, limits, places, provider } = ports
  const path = places.batch(batchId)
  if (tasks.length === 0) throw refused(`Batch ${batchId} has no tasks.`, 'Leave out empty slices.')
  if (tasks.length > limits.maxRequests) {
    const counts = `${grouped(tasks.length)} tasks, and ${provider.name} takes ${grouped(limits.maxRequests)}`
    throw refused(`Batch ${batchId} has ${counts}.`, 'Cut the tasks into smaller batches, or use runBatches().')
  }
  assertDistinctIds(tasks.map((task) => task.custom_id))
  if ((await disk.size(path)) === undefined) await writeLines(ports, places.batchFolder, path, tasks)
  else if (!(await holds(ports, path, tasks))) {
    throw refused(
      `${path} exists and holds other tasks; it may belong to a batch that is running.`,
      'Choose another batch id or batchDir, or remove the file when its results are saved.',
    )
  }
  return path
}

/** A task as one line, with its line feed. */
export function lineOf(task: BatchTask): string {
  return `${JSON.stringify(task)}\n`
}

async function writeLines({ disk }: Ports, folder: string, path: string, tasks: Iterable<BatchTask>): Promise<void> {
  await disk.makeFolder(folder)
  await writeAtomically(disk, path, async (writer) => {
    for (const task of tasks) await writer.writeText(lineOf(task))
  })
}

/** Whether a file holds exactly these tasks. */
async function holds({ disk }: Ports, path: string, tasks: readonly BatchTask[]): Promise<boolean> {
  const wanted = createHash('sha256')
  for (const task of tasks) wanted.update(lineOf(task))
  const found = createHash('sha256')
  for await (const bytes of disk.stream(path)) found.update(bytes)
  return wanted.digest('hex') === found.digest('hex')
}

function refused(message: string, next: string): ProcessorError {
  return new ProcessorError('refused', 'usage', message, { next })
}
