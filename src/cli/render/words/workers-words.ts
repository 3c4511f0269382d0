import { formatDuration } from '../../../lib/duration.ts'
import { plainLine } from '../../../lib/plain-text.ts'
import type { WorkerRecord } from '../../../store/store.ts'

/** Machine and process of each worker, one a line, and how long it has been at work; null where there is none. */
export function describeWorkers(workers: readonly WorkerRecord[], now: number): string | null {
  if (workers.length === 0) return null
  return workers.map(({ place, startedAt }) => `${plainLine(place)}, for ${formatDuration(now - startedAt)}`).join('\n')
}
