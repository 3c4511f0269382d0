import type { Failure } from '../model/failure.ts'
import { unanswered } from '../model/failure.ts'
import { type Listing, ProviderError, type RemoteBatch } from '../providers/provider.ts'
import { CLOCK_SKEW_MS } from '../submit/clock-skew.ts'
import type { CreateKey, CreateRecords } from './create-records.ts'
import type { ProcessorContext } from './processor-context.ts'
import { ProcessorError } from './processor-error.ts'
import { waitAfter } from './repeat-call.ts'

/** A create whose effect is not known. */
export interface OpenCreate {
  readonly key: CreateKey
  readonly beganAt: Date
  /** How its call failed; null where an earlier process made it. */
  readonly failure: Failure | null
}

/** Looks at the list, because a new job may not be in it at once. */
const LOOKS = 3

/**
 * Looks for the job of an open create by its input file. Found, it is returned. Absence proves nothing: then
 * `ProcessorError` with outcome `unknown` is thrown and the create stays open, so that the same file is looked for, and
 * not created from, the next time. Only after a plain "too many requests" a complete list without the job counts as
 * proof, and the outcome is `failed`.
 */
export async function adoptOrRefuse(
  context: ProcessorContext,
  records: CreateRecords,
  open: OpenCreate,
): Promise<RemoteBatch> {
  const { fileId } = open.key
  context.log(`it is not clear whether a job was created from file ${fileId}; looking for it in the list`)
  for (let look = 0; look < LOOKS; look += 1) {
    const listing = await listSince(context, open.beganAt)
    const [job, ...others] = await newJobsOf(records, fileId, listing.batches)
    if (job) {
      await records.finish(open.key, { jobId: job.id })
      context.log(`found: job ${job.id} was created from file ${fileId}`)
      for (const other of others) context.log(`the provider made job ${other.id} from the same file too; cancel it`)
      return job
    }
    if (open.failure?.kind === 'throttled' && listing.isConclusive && (await isFileSeen(context, fileId))) {
      await records.finish(open.key, 'not_created')
      throw tooManyRequests(fileId, open.failure)
    }
    if (look < LOOKS - 1) await waitAfter(context, NOT_LISTED, look)
  }
  throw unknownCreate(open)
}

/** A wait before the next look is as long as one after a failed call. */
const NOT_LISTED = new ProviderError(unanswered('absent', 'not listed yet'))

/** Failures are listings that prove nothing: what counts here is whether the job is seen. */
async function listSince({ provider }: ProcessorContext, beganAt: Date): Promise<Listing> {
  try {
    return await provider.list(new Date(beganAt.getTime() - CLOCK_SKEW_MS), new AbortController().signal)
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    return { isConclusive: false, batches: [], reason: error.failure.message }
  }
}

/**
 * Jobs of this input file, earliest first, without those that the records know already: they are of another model or of
 * an earlier create. Never by likeness, and not by the model's name, which providers tell in longer forms.
 */
async function newJobsOf(
  records: CreateRecords,
  fileId: string,
  batches: readonly RemoteBatch[],
): Promise<readonly RemoteBatch[]> {
  const known = await records.jobsOf(fileId)
  return batches
    .filter((batch) => batch.inputFileId === fileId && !known.includes(batch.id))
    .toSorted((one, other) => createdAt(one) - createdAt(other))
}

function createdAt(batch: RemoteBatch): number {
  return batch.createdAt?.getTime() ?? Number.POSITIVE_INFINITY
}

/** Something known to exist must be seen, or the list may be of another account. */
async function isFileSeen({ provider }: ProcessorContext, fileId: string): Promise<boolean> {
  try {
    return provider.file !== undefined && (await provider.file(fileId, new AbortController().signal)) !== 'absent'
  } catch (error) {
    if (error instanceof ProviderError) return false
    throw error
  }
}

function tooManyRequests(fileId: string, failure: Failure): ProcessorError {
  const message = `No job was created from file ${fileId}: ${failure.message}`
  return new ProcessorError('failed', 'provider', message, {
    next: 'Wait some minutes, then create from the same file.',
    failure,
  })
}

function unknownCreate({ beganAt, failure, key }: OpenCreate): ProcessorError {
  const began = failure === null ? `begun ${beganAt.toISOString()}, was never answered` : `failed: ${failure.message}`
  const message = `Whether a job was created from file ${key.fileId} is unknown: the create ${began}, and the list does not show a job yet.`
  return new ProcessorError('unknown', 'provider', message, {
    next: 'Call createBatchJob with the same file again later: it looks and creates nothing. With { force: true } it creates, which may pay twice.',
    ...(failure === null ? {} : { failure }),
  })
}
