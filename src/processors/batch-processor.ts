import type { TerminalStatus } from '../model/attempt.ts'
import type { RemoteFile } from '../providers/provider.ts'
import { writeBatchFile, writeTaskFile } from './batch-files.ts'
import { type BatchJob, jobOf } from './batch-job.ts'
import { type BatchTask, type Conversation, createTaskMaker, type MakeTasks } from './batch-task.ts'
import { type CreateJobOptions, createJob } from './create-job.ts'
import { CreateRecords } from './create-records.ts'
import type { BatchId } from './file-places.ts'
import { type ListJobsOptions, listJobs } from './list-jobs.ts'
import { type ClientAccess, type CreateAdapter, connectProcessor, type ProcessorContext } from './processor-context.ts'
import { ProcessorError } from './processor-error.ts'
import type { ProcessorOptions } from './processor-options.ts'
import { type RunBatchesOptions, type RunBatchesSummary, runBatches } from './run-batches.ts'
import { type SaveAllOptions, type SavedOutputs, saveAll, saveFile } from './save-output.ts'
import { uploadBatch } from './upload-batch.ts'
import { type WatchOptions, watchJob } from './watch-job.ts'

/**
 * The batch workflow with each step in the user's own hands; the steps themselves are the files of this folder. A class
 * per provider says which one it speaks to and which official client belongs to it.
 */
export class BatchProcessor<Client> {
  readonly #context: ProcessorContext
  readonly #records: CreateRecords
  readonly #makeTasks: MakeTasks
  readonly #throwOnError: boolean
  readonly #loadClient: () => Client
  #client: Client | undefined
  #lastError: ProcessorError | null = null

  /** Sends no call. Throws `LlmBatchError` for unusable options and a missing key, naming the variable to set. */
  constructor(
    providerName: string,
    options: ProcessorOptions,
    createAdapter: CreateAdapter,
    loadClient: (access: ClientAccess) => Client,
  ) {
    const { access, context } = connectProcessor(providerName, options, createAdapter)
    this.#context = context
    this.#records = new CreateRecords(context)
    this.#makeTasks = createTaskMaker(context, options)
    this.#throwOnError = options.throwOnError ?? false
    this.#loadClient = () => loadClient(access)
  }

  /**
   * The official SDK's client, loaded when first asked for, with the same key and base URL and without automatic
   * retries. Throws `LlmBatchError` with code `configuration`, saying what to install, where the package is missing.
   */
  get client(): Client {
    this.#client ??= this.#loadClient()
    return this.#client
  }

  /** Why the last upload, create, wait or save did not work; null where it did. */
  get lastError(): ProcessorError | null {
    return this.#lastError
  }

  /**
   * Makes one task per id and conversation: a text, one message, or a list of messages. Throws `ProcessorError` for
   * lists of different length and for ids that are empty or used twice, naming the position.
   */
  createTask(ids: readonly (string | number)[], messages: readonly Conversation[]): readonly BatchTask[] {
    return this.#makeTasks(ids, messages)
  }

  /** Writes all tasks to `{taskDir}/{prefix}_tasks.jsonl`, in place of an earlier file, and returns the path. */
  async writeTaskFile(tasks: Iterable<BatchTask>): Promise<string> {
    return await writeTaskFile(this.#context, tasks)
  }

  /**
   * Writes the tasks of one batch to `{batchDir}/{prefix}_batch_job{batchId}.jsonl` and returns the path. The same tasks
   * again change nothing; other tasks never overwrite the file and throw `ProcessorError`, as does an empty list.
   */
  async writeBatchFile(tasks: readonly BatchTask[], batchId: BatchId): Promise<string> {
    return await writeBatchFile(this.#context, tasks, batchId)
  }

  /** Uploads a batch file; null where that failed, see `lastError`. May be repeated. */
  async uploadBatchFile(batchId: BatchId): Promise<RemoteFile | null> {
    return await this.#orNull(() => uploadBatch(this.#context, batchId))
  }

  /**
   * Starts the job of an uploaded file: the call that costs money. Null where that failed, see `lastError`: its outcome
   * `unknown` says that a job may exist. A file that a job was made from before gives that job, unless `force` is true.
   */
  async createBatchJob(file: RemoteFile | string, options: CreateJobOptions = {}): Promise<BatchJob | null> {
    return await this.#orNull(async () => jobOf(await createJob(this.#context, this.#records, file, options)))
  }

  /** Waits until the job has ended and returns its final status. Throws `ProcessorError` where waiting is of no use. */
  async checkBatchJobStatus(jobId: string, options: WatchOptions = {}): Promise<TerminalStatus> {
    const job = await this.#noted(() => watchJob(this.#context, jobId, options))
    return job.status as TerminalStatus
  }

  /** The account's jobs, newest first, all pages. Throws `ProcessorError` where the list cannot be read to its end. */
  async *listJobs(options: ListJobsOptions = {}): AsyncGenerator<BatchJob, void, undefined> {
    for await (const job of listJobs(this.#context, options)) yield jobOf(job)
  }

  /** Saves a result file as `{outputDir}/{prefix}_batch_output_{fileId}.jsonl` and returns the path. */
  async saveBatchOutput(fileId: string): Promise<string> {
    return await this.#noted(() => saveFile(this.#context, 'output', fileId))
  }

  /**
   * Saves the output files of all ended jobs that were created with this `batchDir` and prefix, and their error files as
   * `{prefix}_batch_error_{fileId}.jsonl`; with `all`, those of every job of the account. What is on disk already is not
   * fetched again.
   */
  async saveAllOutputs({ all = false, ...options }: SaveAllOptions = {}): Promise<SavedOutputs> {
    const outputs = await this.#noted(async () =>
      saveAll(this.#context, all ? null : await this.#records.made(), options),
    )
    this.#lastError = outputs.failed.at(-1)?.error ?? null
    return outputs
  }

  /** The whole loop in one call: cut, write, upload, create, wait, next. Failed batches are told in the summary. */
  async runBatches(tasks: readonly BatchTask[], options: RunBatchesOptions = {}): Promise<RunBatchesSummary> {
    const summary = await this.#noted(() => runBatches(this.#context, this.#records, tasks, options))
    this.#lastError = summary.batches.findLast(({ error }) => error !== null)?.error ?? null
    return summary
  }

  async #orNull<Value>(step: () => Promise<Value>): Promise<Value | null> {
    try {
      return await this.#noted(step)
    } catch (error) {
      if (!(error instanceof ProcessorError) || this.#throwOnError) throw error
      this.#context.log([error.message, error.next].filter((part) => part !== '').join(' '))
      return null
    }
  }

  async #noted<Value>(step: () => Promise<Value>): Promise<Value> {
    try {
      const value = await step()
      this.#lastError = null
      return value
    } catch (error) {
      if (error instanceof ProcessorError) this.#lastError = error
      throw error
    }
  }
}
