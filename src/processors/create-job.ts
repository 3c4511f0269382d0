import { HOUR_MS, parseDuration } from '../lib/duration.ts'
import {
  type NewBatch,
  NotCreated,
  ProviderError,
  type RemoteBatch,
  type RemoteFile,
  Unknown,
} from '../providers/provider.ts'
import { NOT_OURS } from '../submit/create.ts'
import { adoptOrRefuse, type OpenCreate } from './adopt-job.ts'
import type { CreateKey, CreateRecords } from './create-records.ts'
import type { ProcessorContext } from './processor-context.ts'
import { callError, ProcessorError } from './processor-error.ts'
import { MOST_REPEATS, repeatCall, waitAfter } from './repeat-call.ts'

/** Options of creating a job. */
export interface CreateJobOptions {
  /** The endpoint that the file's tasks are meant for. @default '/v1/chat/completions' */
  readonly endpoint?: string | undefined
  /** Until when the provider must be done, as `24h`; the same as `timeoutHours`. @default the provider's, 24 hours */
  readonly completionWindow?: string | undefined
  /** The same in hours. OpenAI offers 24 and nothing else, Mistral up to 167. */
  readonly timeoutHours?: number | undefined
  /** Your own marks on the job; at every provider safe: keys of up to 32, values of 1 to 512 characters. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /**
   * Creates from this file also where a job was made from it before, or may have been: that may pay twice.
   * @default false
   */
  readonly force?: boolean | undefined
}

/**
 * The paid call: one POST, recorded on disk before and after it. A file that a job was made from before gives that job
 * and creates nothing. After an unclear answer, also one that an earlier process was waiting for, the provider's list
 * decides: the job is found and returned, or `ProcessorError` with outcome `unknown` is thrown. Only a create that
 * certainly made nothing is repeated.
 */
export async function createJob(
  context: ProcessorContext,
  records: CreateRecords,
  file: RemoteFile | string,
  options: CreateJobOptions,
): Promise<RemoteBatch> {
  const batch = newBatch(context, options)
  const key = { fileId: fileIdOf(file), endpoint: batch.target.endpoint, model: batch.target.model }
  for (let count = 0; ; count += 1) {
    const beganAt = new Date(context.clock.now())
    const earlier = await records.begin(key, options.force === true && count === 0)
    if (earlier?.state === 'created') return await takeUp(context, key, earlier.jobId)
    if (earlier) return await adoptOrRefuse(context, records, { key, beganAt: earlier.beganAt, failure: null })
    const made = await createOnce(context, records, key, batch)
    if (!('error' in made)) return made
    const { error } = made
    if (error instanceof Unknown) {
      const open: OpenCreate = { key, beganAt, failure: error.failure }
      return await adoptOrRefuse(context, records, open)
    }
    const mayPass = error.failure.kind === 'unreached' || error.failure.kind === 'absent'
    if (!mayPass || count >= MOST_REPEATS) throw callError(error, `Creating a job from file ${key.fileId}`)
    context.log(`${error.message}; nothing was created, trying again`)
    await waitAfter(context, error, count)
  }
}

/** Not aborted by anything, because only its answer tells whether money was spent; it has a time limit of its own. */
async function createOnce(
  { log, provider }: ProcessorContext,
  records: CreateRecords,
  key: CreateKey,
  batch: NewBatch,
): Promise<RemoteBatch | { readonly error: NotCreated | Unknown }> {
  try {
    const job = await provider.create(batch, { id: key.fileId }, new AbortController().signal)
    // An answer that does not name our file proves nothing, whatever its status; the list must tell.
    if (job.inputFileId !== key.fileId) return { error: new Unknown(NOT_OURS) }
    await records.finish(key, { jobId: job.id })
    log(`job ${job.id} was created from file ${key.fileId}`)
    return job
  } catch (error) {
    if (error instanceof NotCreated) await records.finish(key, 'not_created')
    else if (!(error instanceof Unknown)) throw error
    return { error }
  }
}

/** The job that was made from the file before. */
async function takeUp(context: ProcessorContext, key: CreateKey, jobId: string): Promise<RemoteBatch> {
  context.log(`file ${key.fileId} has job ${jobId} already; no other job is created`)
  try {
    return await repeatCall(context, 'read', () => context.provider.get(jobId, new AbortController().signal))
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    throw callError(error, `Reading job ${jobId}, which was made from file ${key.fileId} before,`)
  }
}

function fileIdOf(file: RemoteFile | string): string {
  const id = typeof file === 'string' ? file : (file as RemoteFile | null | undefined)?.id
  if (id) return id
  throw new ProcessorError('refused', 'usage', 'createBatchJob() was called without an uploaded file.', {
    next: 'uploadBatchFile() returns null if the upload failed; go on with the next batch then.',
  })
}

function newBatch(context: ProcessorContext, options: CreateJobOptions): NewBatch {
  return {
    target: { ...context.target, endpoint: options.endpoint ?? context.target.endpoint },
    metadata: options.metadata ?? {},
    windowHours: windowHours(context, options),
  }
}

function windowHours({ limits, provider }: ProcessorContext, options: CreateJobOptions): number | null {
  const { completionWindow, timeoutHours } = options
  if (completionWindow === undefined && timeoutHours === undefined) return null
  const hours = timeoutHours ?? (parseDuration(completionWindow ?? '') ?? Number.NaN) / HOUR_MS
  const { canChoose, default: usual, most } = limits.windowHours
  const isOffered = canChoose ? Number.isInteger(hours) && hours >= 1 && hours <= most : hours === usual
  if (isOffered) return hours
  const given =
    timeoutHours === undefined ? `completionWindow ${JSON.stringify(completionWindow)}` : `timeoutHours ${timeoutHours}`
  throw new ProcessorError('refused', 'usage', `${provider.name} does not support the ${given}.`, {
    next: canChoose ? `Choose whole hours from 1 to ${most}.` : `Leave it out, or say ${usual}h.`,
  })
}
