import { DEFAULT_MAX_BYTES } from '../config/settings.ts'
import { grouped } from '../lib/number.ts'
import { createSplitter } from '../plan/splitter.ts'
import { lineOf } from './batch-files.ts'
import { assertDistinctIds, type BatchTask } from './batch-task.ts'
import type { ProcessorContext } from './processor-context.ts'
import { ProcessorError } from './processor-error.ts'

/**
 * Cuts tasks into batches, in order: by count, and by the bytes a file may have. No batch is empty. Throws
 * `ProcessorError` for ids used twice anywhere, and for a task that fits into no file.
 */
export function cutTasks(
  { limits, target }: Pick<ProcessorContext, 'limits' | 'target'>,
  tasks: readonly BatchTask[],
  batchSize: number,
): readonly (readonly BatchTask[])[] {
  assertDistinctIds(tasks.map((task) => task.custom_id))
  const maxBytes = Math.min(limits.maxBytes, DEFAULT_MAX_BYTES)
  const maxRequests = Math.min(limits.maxRequests, batchSize)
  const splitter = createSplitter(() => ({ maxRequests, maxBytes, queueTokens: null, queueRequests: null }))
  const batches: BatchTask[][] = []
  for (const [index, task] of tasks.entries()) {
    const lineBytes = Buffer.byteLength(lineOf(task)) - 1
    if (lineBytes >= maxBytes) throw tooLarge(task, index, lineBytes, maxBytes)
    const { batch } = splitter.place(target, lineBytes, 0)
    batches[batch] ??= []
    batches[batch].push(task)
  }
  return batches
}

function tooLarge(task: BatchTask, index: number, lineBytes: number, maxBytes: number): ProcessorError {
  const sizes = `${grouped(lineBytes)} bytes, and a whole file may have ${grouped(maxBytes)}`
  const which = `The task at position ${index + 1} (id ${JSON.stringify(task.custom_id)})`
  return new ProcessorError('refused', 'input', `${which} has ${sizes}.`, { next: 'Leave it out or shorten it.' })
}
