import { type ResultIds, resultIds } from '../model/result-ref.ts'
import type { RemoteBatch } from '../providers/provider.ts'

/** A job as the provider describes it, with the ids of its result files side by side; null where there is none. */
export interface BatchJob extends RemoteBatch, ResultIds {}

/** The job that a remote batch is. */
export function jobOf(remote: RemoteBatch): BatchJob {
  return { ...remote, ...resultIds(remote.results) }
}
