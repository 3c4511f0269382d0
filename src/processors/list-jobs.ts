import type { RemoteStatus } from '../model/attempt.ts'
import { unanswered } from '../model/failure.ts'
import { type Listing, ProviderError, type RemoteBatch } from '../providers/provider.ts'
import type { ProcessorContext } from './processor-context.ts'
import { callError, ProcessorError } from './processor-error.ts'
import { MOST_REPEATS, repeatCall, waitAfter } from './repeat-call.ts'

/** Which jobs are listed. */
export interface ListJobsOptions {
  /** Only jobs created at or after this instant. @default all */
  readonly since?: Date | string | undefined
  /** Only jobs in this status, or in one of these: `completed`, `expired`, … at both providers. @default all */
  readonly status?: RemoteStatus | readonly RemoteStatus[] | undefined
  /** Only jobs newer than this one, which itself is left out: the newest one that you have dealt with before. */
  readonly stopAt?: string | undefined
}

/**
 * Jobs of the account, newest first. All pages are read before the first job is given, because no provider promises an
 * order; a list that cannot be read to its end throws `ProcessorError`, so that half of it never passes for all.
 */
export async function* listJobs(
  context: ProcessorContext,
  { since, status, stopAt }: ListJobsOptions = {},
): AsyncGenerator<RemoteBatch, void, undefined> {
  const all = await completeList(context, instantOf(since))
  const newestFirst = all.toSorted((one, other) => createdAtMs(other) - createdAtMs(one))
  const stop = newestFirst.find((job) => job.id === stopAt)
  if (stopAt !== undefined && !stop) context.log(`job ${stopAt} is not in the list, so all jobs are listed`)
  // Jobs of the same second come in no order, so all of them are given: seen twice does no harm, never seen does.
  const wanted = newestFirst.filter((job) => job.id !== stopAt && !(stop && createdAtMs(job) < createdAtMs(stop)))
  const statuses = typeof status === 'string' ? [status] : status
  for (const job of wanted) if (statuses === undefined || statuses.includes(job.status)) yield job
}

async function completeList(context: ProcessorContext, since: Date): Promise<readonly RemoteBatch[]> {
  const { provider } = context
  for (let count = 0; ; count += 1) {
    const listing = await list(context, () => provider.list(since, new AbortController().signal))
    if (listing.isConclusive) return listing.batches
    const error = incomplete(listing.reason)
    if (count >= MOST_REPEATS) throw callError(error, 'Listing the jobs')
    await waitAfter(context, error, count)
  }
}

async function list(context: ProcessorContext, call: () => Promise<Listing>): Promise<Listing> {
  try {
    return await repeatCall(context, 'read', call)
  } catch (error) {
    if (error instanceof ProviderError) throw callError(error, 'Listing the jobs')
    throw error
  }
}

function incomplete(reason: string): ProviderError {
  return new ProviderError(unanswered('shape', `the list is not complete: ${reason}`))
}

/** Unknown instants come first, because such a job may be new. */
function createdAtMs(job: RemoteBatch): number {
  return job.createdAt?.getTime() ?? Number.MAX_SAFE_INTEGER
}

function instantOf(since: Date | string | undefined): Date {
  const instant = since === undefined ? new Date(0) : new Date(since)
  if (!Number.isNaN(instant.getTime())) return instant
  throw new ProcessorError('refused', 'usage', `since ${JSON.stringify(since)} is not an instant.`, {
    next: 'Give a Date, or text such as 2026-11-23 or 2026-11-23T08:00:00Z.',
  })
}
