import { isTerminal } from '../model/attempt.ts'
import { reactionTo } from '../model/failure.ts'
import { ProviderError, type RemoteBatch } from '../providers/provider.ts'
import { type BatchJob, jobOf } from './batch-job.ts'
import type { ProcessorContext } from './processor-context.ts'
import { callError, ProcessorError } from './processor-error.ts'
import { MOST_REPEATS, waitAfter } from './repeat-call.ts'

/** Options of waiting for a job. */
export interface WatchOptions {
  /** Minutes between two looks; fractions are allowed. @default 1 */
  readonly checkInterval?: number | undefined
  /** Called with the job at every look, the last included. */
  readonly onStatus?: ((job: BatchJob) => void) | undefined
  /** Ends the waiting; the job goes on at the provider. The signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined
}

const DEFAULT_CHECK_MINUTES = 1
const MINUTE_MS = 60_000

/**
 * Looks at a job until it has ended, and returns it. Goes on after 429, 5xx, broken connections and a job that is not
 * found now and then. Throws `ProcessorError` where looking again is of no use: the key is refused (401, 403), or the
 * job is neither found nor in the complete list, five times in a row.
 */
export async function watchJob(
  context: ProcessorContext,
  jobId: string,
  { checkInterval = DEFAULT_CHECK_MINUTES, onStatus, signal = new AbortController().signal }: WatchOptions,
): Promise<RemoteBatch> {
  const { clock, log } = context
  if (!(checkInterval > 0)) {
    throw new ProcessorError(
      'refused',
      'usage',
      `checkInterval ${checkInterval} is not a number of minutes above zero.`,
    )
  }
  let failures = 0
  let absences = 0
  let emptyEnds = 0
  for (;;) {
    signal.throwIfAborted()
    const seen = await look(context, jobId, absences, signal)
    if ('id' in seen) {
      failures = absences = 0
      log(statusLine(seen))
      onStatus?.(jobOf(seen))
      const isEmpty = isWithoutFiles(seen)
      if (isTerminal(seen.status) && !(isEmpty && emptyEnds < LOOKS_FOR_FILES)) return seen
      if (isEmpty) emptyEnds += 1
      await clock.sleep(isEmpty ? context.waits.retryBackoff.firstMs : checkInterval * MINUTE_MS, signal)
    } else {
      absences = seen.failure.kind === 'absent' ? absences + 1 : 0
      log(`${jobId}: ${seen.message}; looking again`)
      await waitAfter(context, seen, failures, signal)
      failures += 1
    }
  }
}

/** The job, or a failure that may pass. Throws for one that will not. */
async function look(
  context: ProcessorContext,
  jobId: string,
  absences: number,
  signal: AbortSignal,
): Promise<RemoteBatch | ProviderError> {
  try {
    return await context.provider.get(jobId, signal)
  } catch (error) {
    if (signal.aborted || !(error instanceof ProviderError)) throw error
    if (reactionTo(error.failure, 'read') !== 'wait') throw callError(error, `Looking at job ${jobId}`)
    return error.failure.kind === 'absent' ? await listed(context, jobId, absences, error, signal) : error
  }
}

/** What the list says of a job that was not found: right after a create, and now and then later, that is only lag. */
async function listed(
  { provider }: ProcessorContext,
  jobId: string,
  absences: number,
  error: ProviderError,
  signal: AbortSignal,
): Promise<RemoteBatch | ProviderError> {
  const listing = await listAll(provider, signal)
  const job = listing?.batches.find((batch) => batch.id === jobId)
  if (job) return job
  if (!listing?.isConclusive) return inconclusive(error)
  if (absences >= MOST_REPEATS) throw callError(error, `Looking at job ${jobId}, which is not in the list either,`)
  return error
}

async function listAll(provider: ProcessorContext['provider'], signal: AbortSignal) {
  try {
    return await provider.list(new Date(0), signal)
  } catch (error) {
    if (signal.aborted || !(error instanceof ProviderError)) throw error
    return undefined
  }
}

/** A list that could not be read to its end confirms nothing, so this look does not count as an absence. */
function inconclusive(error: ProviderError): ProviderError {
  return new ProviderError({ ...error.failure, kind: 'shape' }, error)
}

/** Looks at a completed job whose files are not named yet; they may come a moment later. */
const LOOKS_FOR_FILES = 3

function isWithoutFiles(job: RemoteBatch): boolean {
  return job.status === 'completed' && job.results.length === 0
}

/** A job's status for people, with the provider's own counts and reasons. */
function statusLine(job: RemoteBatch): string {
  const word = job.isStatusUnknown ? `${job.rawStatus} (an unknown word; taken as in progress)` : job.status
  const counts = job.counts
    ? `, ${job.counts.completed} of ${job.counts.total} done${job.counts.failed > 0 ? `, ${job.counts.failed} failed` : ''}`
    : ''
  const reasons = job.errors.length > 0 ? `: ${job.errors.map(({ message }) => message).join('; ')}` : ''
  return `${job.id}: ${word}${counts}${reasons}`
}
