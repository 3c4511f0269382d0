import { downloadFile } from '../collect/download.ts'
import { isTerminal } from '../model/attempt.ts'
import { type Provider, ProviderError, type RemoteBatch } from '../providers/provider.ts'
import type { MadeHere } from './create-records.ts'
import { type ListJobsOptions, listJobs } from './list-jobs.ts'
import type { ProcessorContext } from './processor-context.ts'
import { callError, ProcessorError } from './processor-error.ts'
import { repeatCall } from './repeat-call.ts'
import { wholeLines } from './whole-lines.ts'

/** Which jobs `saveAllOutputs` looks at. */
export interface SaveAllOptions extends ListJobsOptions {
  /** True for all jobs of the account, also those that others created. @default false */
  readonly all?: boolean | undefined
}

/** Nothing was planned here, so only a body without an end is given up where its size is not told. */
const LIMITS = { untoldBytes: 16 * 2 ** 30, grantedBytes: 0 }

/** Results of `saveAllOutputs`. */
export interface SavedOutputs {
  readonly saved: readonly SavedFile[]
  /** Jobs of which there is nothing to save, or not yet. */
  readonly skipped: readonly { readonly jobId: string; readonly reason: string }[]
  /** Files that could not be fetched; calling again fetches these alone. */
  readonly failed: readonly (ResultFile & { readonly error: ProcessorError })[]
  /** How many jobs of the account were left alone, because the records of `batchDir` do not name them. */
  readonly others: number
}

/** A result file of a job. */
export interface ResultFile {
  readonly jobId: string
  readonly kind: 'output' | 'error'
  readonly fileId: string
}

/** A result file on this disk. */
export interface SavedFile extends ResultFile {
  readonly path: string
}

/**
 * Streams a result file to disk, byte for byte: a temporary name, size and last line checked, fsync, rename. A file that
 * is there already is whole and is not fetched again. Throws `ProcessorError`; may be repeated.
 */
export async function saveFile(context: ProcessorContext, kind: 'output' | 'error', fileId: string): Promise<string> {
  const { disk, log, places } = context
  const path = places.result(kind, fileId)
  await disk.makeFolder(places.outputFolder)
  const provider: Provider = {
    ...context.provider,
    read: (result, signal) => wholeLines(context.provider.read(result, signal), `file ${result.id}`),
  }
  try {
    const signal = new AbortController().signal
    await repeatCall(context, 'download', () =>
      downloadFile(
        { disk, provider },
        { result: { id: fileId, role: kind }, path, limits: LIMITS, isProvedByRows: false },
        signal,
      ),
    )
  } catch (error) {
    if (error instanceof ProviderError) throw callError(error, `Saving file ${fileId}`)
    throw error
  }
  log(`${path} is saved`)
  return path
}

/**
 * Saves the output and the error file of every job that has ended and was made here (`null`: of every job of the
 * account), the expired and cancelled ones included. One file that fails stops no other; a refused key stops all and is
 * thrown.
 */
export async function saveAll(
  context: ProcessorContext,
  made: MadeHere | null,
  options: ListJobsOptions,
): Promise<SavedOutputs> {
  const saved: SavedFile[] = []
  const skipped: { jobId: string; reason: string }[] = []
  const failed: (ResultFile & { error: ProcessorError })[] = []
  let others = 0
  for await (const job of listJobs(context, options)) {
    if (made !== null && !isMadeHere(job, made)) {
      others += 1
      continue
    }
    const reason = whyNothing(job)
    if (reason !== undefined) {
      skipped.push({ jobId: job.id, reason })
      context.log(`job ${job.id} is skipped: ${reason}`)
      continue
    }
    for (const file of filesOf(job)) {
      try {
        saved.push({ ...file, path: await saveFile(context, file.kind, file.fileId) })
      } catch (error) {
        if (!(error instanceof ProcessorError) || isKeyRefused(error)) throw error
        failed.push({ ...file, error })
        context.log(`job ${job.id}: ${error.message}`)
      }
    }
  }
  context.log(`${saved.length} files saved, ${skipped.length} jobs skipped, ${failed.length} files failed`)
  if (others > 0) {
    const jobs = others === 1 ? '1 job of the account was' : `${others} jobs of the account were`
    context.log(`${jobs} not created from ${context.places.batchFolder}; saveAllOutputs({ all: true }) saves those too`)
  }
  return { saved, skipped, failed, others }
}

/** By the job's id, or by its input file where a create was begun and its answer was lost. */
function isMadeHere({ id, inputFileId }: RemoteBatch, { fileIds, jobIds }: MadeHere): boolean {
  return jobIds.has(id) || (inputFileId !== null && fileIds.has(inputFileId))
}

/** True where the key itself was refused, so that no other call fares better. */
export function isKeyRefused(error: ProcessorError): boolean {
  return error.failure?.kind === 'unauthorised' || error.failure?.kind === 'forbidden'
}

function filesOf(job: RemoteBatch): readonly ResultFile[] {
  return job.results.map(({ id, role }) => ({ jobId: job.id, kind: role, fileId: id }))
}

function whyNothing(job: RemoteBatch): string | undefined {
  if (!isTerminal(job.status)) return `it has not ended (${job.rawStatus || job.status})`
  if (filesOf(job).length > 0) return undefined
  const reasons = job.errors.map(({ message }) => message).join('; ')
  return `it is ${job.status} and has no result files${reasons === '' ? '' : `: ${reasons}`}`
}
