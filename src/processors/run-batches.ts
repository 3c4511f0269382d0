import pLimit from 'p-limit'
import { grouped } from '../lib/number.ts'
import { nonceFrom } from '../model/ids.ts'
import { resultIds } from '../model/result-ref.ts'
import { writeBatchFile } from './batch-files.ts'
import { type BatchReport, beginReport, reportLine } from './batch-report.ts'
import type { BatchTask } from './batch-task.ts'
import { type CreateJobOptions, createJob } from './create-job.ts'
import type { CreateRecords } from './create-records.ts'
import { cutTasks } from './cut-tasks.ts'
import type { ProcessorContext } from './processor-context.ts'
import { ProcessorError } from './processor-error.ts'
import { isKeyRefused } from './save-output.ts'
import { uploadBatch } from './upload-batch.ts'
import { type WatchOptions, watchJob } from './watch-job.ts'

/** Options of `runBatches`. */
export interface RunBatchesOptions extends Omit<CreateJobOptions, 'force'>, WatchOptions {
  /** Tasks of one batch; fewer where the file would grow too large. @default 20,000 */
  readonly batchSize?: number | undefined
  /** Batches under way at the same time. @default 1, the next begins when the last has ended */
  readonly parallel?: number | undefined
}

/** Results of all batches, in the order in which they were cut. */
export interface RunBatchesSummary {
  readonly requests: number
  readonly batches: readonly BatchReport[]
}

const DEFAULT_BATCH_SIZE = 20_000

/**
 * The whole loop: cut, write, upload, create, wait, next. Throws before anything is sent for tasks or options that
 * cannot be sent; afterwards failures are in the summary, and one batch that fails stops no other. A refused key stops
 * what has not begun. The signal ends the waiting of all batches and is thrown; jobs go on at the provider.
 */
export async function runBatches(
  context: ProcessorContext,
  records: CreateRecords,
  tasks: readonly BatchTask[],
  options: RunBatchesOptions,
): Promise<RunBatchesSummary> {
  const batchSize = wholeNumber('batchSize', options.batchSize ?? DEFAULT_BATCH_SIZE)
  const parallel = wholeNumber('parallel', options.parallel ?? 1)
  const batches = cutTasks(context, tasks, batchSize)
  const batchIds = newBatchIds(context, batches.length)
  announce(context, tasks, batches, parallel)

  const reports = batches.map((batch, index) => beginReport(context, batchIds[index] ?? '', batch.length))
  let isOver = false
  const work = async (batch: readonly BatchTask[], index: number): Promise<void> => {
    if (isOver) return
    try {
      const report = await runBatch(context, records, batch, options, reports[index] as BatchReport)
      reports[index] = report
      if (report.error && isKeyRefused(report.error)) isOver = true
    } catch (error) {
      isOver = true
      throw error
    }
  }
  const limit = pLimit(parallel)
  // All are waited for, also after one broke, so that nothing goes on behind the caller's back.
  const ends = await Promise.allSettled(batches.map((batch, index) => limit(work, batch, index)))
  const broken = ends.find((end) => end.status === 'rejected')
  if (broken) throw broken.reason
  for (const report of reports) context.log(reportLine(report))
  return { requests: tasks.length, batches: reports }
}

/** One batch from its file to its end; what fails is in the report. */
async function runBatch(
  context: ProcessorContext,
  records: CreateRecords,
  batch: readonly BatchTask[],
  options: RunBatchesOptions,
  begun: BatchReport,
): Promise<BatchReport> {
  let report: BatchReport = begun
  try {
    options.signal?.throwIfAborted()
    await writeBatchFile(context, batch, report.batchId)
    report = { ...report, status: 'not_uploaded' }
    const file = await uploadBatch(context, report.batchId)
    report = { ...report, status: 'not_created', fileId: file.id }
    const job = await createJob(context, records, file, { ...options, force: false })
    report = { ...report, status: 'not_watched', jobId: job.id }
    const ended = await watchJob(context, job.id, options)
    return {
      ...report,
      status: ended.status,
      ...resultIds(ended.results),
      reasons: ended.errors.map(({ message }) => message),
    }
  } catch (error) {
    if (!(error instanceof ProcessorError)) throw error
    context.log(`batch ${report.batchId}: ${error.message}`)
    return { ...report, status: error.outcome === 'unknown' ? 'unknown' : report.status, error }
  }
}

/**
 * Ids for new batch files: the day, six random letters and digits, and the number of the batch. So neither two scripts
 * in the same second nor two runs in the same folder take each other's files.
 */
function newBatchIds({ clock, random }: ProcessorContext, count: number): readonly string[] {
  const day = new Date(clock.now()).toISOString().slice(0, 10)
  const letters = nonceFrom(random.bytes(16)).slice(1, 7)
  const digits = String(count).length
  return Array.from({ length: count }, (_, index) => `_${day}_${letters}_${String(index + 1).padStart(digits, '0')}`)
}

function announce(
  { log, provider, target }: ProcessorContext,
  tasks: readonly BatchTask[],
  batches: readonly (readonly BatchTask[])[],
  parallel: number,
): void {
  const requests = `${grouped(tasks.length)} requests to ${provider.name}/${target.model}`
  if (batches.length === 0) return log(`${requests}: nothing to send`)
  const largest = grouped(Math.max(...batches.map((batch) => batch.length)))
  const order = parallel > 1 ? `up to ${parallel} at the same time` : 'one after another'
  log(`${requests} in ${batches.length} files of up to ${largest} requests, ${order}`)
}

function wholeNumber(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new ProcessorError('refused', 'usage', `${name} ${value} is not a whole number above zero.`)
}
