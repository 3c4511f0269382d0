import { EventEmitter } from 'node:events'
import type {
  Experimental_BatchV4Status as BatchStatus,
  Experimental_BatchV4 as BatchV4,
  Experimental_TextBatchV4ItemResult as ItemResult,
  Experimental_BatchV4OperationOptions as OperationOptions,
  Experimental_BatchV4StartOptions as StartOptions,
  Experimental_BatchV4StartResult as StartResult,
} from '@ai-sdk/provider'
import { assertCancellable } from '../drive/cancel.ts'
import { type DriveOptions, RunHandle } from '../library/handle.ts'
import type { PlaceOptions } from '../library/library-options.ts'
import { openPlace } from '../library/open-place.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import type { RunEvent } from '../model/event.ts'
import { DEFAULT_PROVIDER } from '../model/named-providers.ts'
import { commandLine, inFlags } from '../model/options/mention.ts'
import type { RowOutcome } from '../model/row.ts'
import { isFinished, PLAIN_OUTPUT, type RunState } from '../model/run.ts'
import { type TakenRun, takeNewRun, takeRun } from '../prepare/start.ts'
import type { Provider } from '../providers/provider.ts'
import { answersOf } from '../results/finish.ts'
import { findRun } from '../workspace/find-run.ts'
import { type RunReport, reportOf } from '../workspace/report.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { placesOf } from './call-places.ts'
import { type ConnectModels, ModelCalls } from './model-calls.ts'

/** Options of `createBatches`. */
export interface BatchesOptions extends PlaceOptions {
  /**
   * Gives the SDK's provider, with this `fetch`: `(fetch) => createMistral({ fetch })`. Its models write requests and read
   * answers, and send nothing.
   */
  readonly connect: ConnectModels
  /** The same provider in the words of llm-batch, such as `mistral` or `groq`. @default 'openai' */
  readonly provider?: string
  /** Hours that the provider may take, where it can be chosen. @default what the provider offers */
  readonly timeoutHours?: number
}

/**
 * Batches of the AI SDK over durable runs, for `experimental_startBatch` and its kin: a batch is a run, and its id is the
 * run's. Starting the same requests again gives the same batch. A look at its status takes the run a round further, so a
 * program that looks from time to time needs nothing else; a worker, or the command `resume`, may drive it as well.
 * Experimental, as the interface is that it follows (`BatchV4` of `@ai-sdk/provider` 4).
 */
export function createBatches(options: BatchesOptions): BatchV4 {
  return new SdkBatches(options)
}

class SdkBatches implements BatchV4 {
  readonly specificationVersion = 'v4'
  readonly provider: string
  readonly #options: BatchesOptions
  readonly #name: string

  constructor(options: BatchesOptions) {
    this.#options = options
    this.#name = options.provider ?? DEFAULT_PROVIDER
    this.provider = `llm-batch.${this.#name}`
  }

  get supportedUrls(): BatchV4['supportedUrls'] {
    const models = this.#options.connect(() => Promise.reject(new Error('nothing is sent here')))
    return models.languageModel('any').supportedUrls
  }

  async doStartBatch({ abortSignal, requests, webhookUrl }: StartOptions): Promise<StartResult> {
    return await this.#inPlace(async (workspace, provider) => {
      const warnings: StartResult['warnings'] = []
      if (webhookUrl !== undefined) warnings.push({ warning: { type: 'unsupported', feature: 'webhookUrl' } })
      const calls = new ModelCalls(this.#options.connect, placesOf(workspace, provider))
      const rows: object[] = []
      for (const request of requests) {
        const { id, modelId, options, type } = request
        if (type !== 'text') throw notText(type)
        const written = await calls.write(modelId, options)
        rows.push({ custom_id: id, method: 'POST', url: written.call.endpoint, body: JSON.parse(written.call.body) })
        for (const warning of written.warnings) warnings.push({ requestId: id, warning })
      }
      const taken = await this.#take(workspace, rows)
      const report = await drive(workspace, taken, { until: 'submitted', releaseHeld: true, signal: abortSignal })
      return { batchId: report.run.id, ...statusOf(report), warnings }
    })
  }

  async doGetBatchStatus({ abortSignal, batchId }: OperationOptions): Promise<BatchStatus> {
    return await this.#inPlace(async (workspace) => statusOf(await lookAt(workspace, batchId, abortSignal)))
  }

  async doGetBatchResults({ batchId }: OperationOptions): Promise<ReadableStream<ItemResult>> {
    await this.#inPlace(async (workspace) => {
      const { id } = await findRun(workspace.store, batchId)
      const { state } = await workspace.store.read(id).record()
      if (!isFinished(state)) throw unfinished(id, state)
    })
    return ReadableStream.from(this.#results(batchId))
  }

  async doCancelBatch({ abortSignal, batchId }: OperationOptions): Promise<Record<string, never>> {
    return await this.#inPlace(async (workspace) => {
      const { id, state } = await findRun(workspace.store, batchId)
      assertCancellable(state, id)
      await workspace.store.requestCancel(id)
      await lookAt(workspace, id, abortSignal)
      return {}
    })
  }

  async #take(workspace: Workspace, rows: readonly object[]): Promise<TakenRun> {
    const { budget, timeoutHours } = this.#options
    const run = {
      input: { source: { rows } },
      provider: this.#name,
      timeoutHours,
      maxCostUsd: budget?.maxCostUsd,
      takesFinished: true,
      output: { ...PLAIN_OUTPUT, path: null },
    }
    return await takeNewRun(workspace, run, () => undefined)
  }

  async *#results(batchId: string): AsyncGenerator<ItemResult, void> {
    const workspace = await openPlace(this.#options)
    try {
      const provider = await workspace.describe(this.#name)
      const calls = new ModelCalls(this.#options.connect, placesOf(workspace, provider))
      const { id } = await findRun(workspace.store, batchId)
      for await (const rows of answersOf(workspace, workspace.store.read(id), this.#name)) {
        for (const row of rows) yield await itemOf(row, provider, calls)
      }
    } finally {
      await workspace.close()
    }
  }

  async #inPlace<Result>(work: (workspace: Workspace, provider: Provider) => Promise<Result>): Promise<Result> {
    const workspace = await openPlace(this.#options)
    try {
      return await work(workspace, await workspace.describe(this.#name))
    } finally {
      await workspace.close()
    }
  }
}

/** Takes a run a round further, or only reads where it stands while another process works on it. */
async function lookAt(workspace: Workspace, name: string, signal: AbortSignal | undefined): Promise<RunReport> {
  const { id } = await findRun(workspace.store, name)
  try {
    return await drive(workspace, await takeRun(workspace, id), { until: 'round', signal })
  } catch (error) {
    if (!LlmBatchError.isInstance(error) || error.code !== 'busy') throw error
    return await reportOf(workspace.store.read(id), workspace.configuration)
  }
}

async function drive(
  workspace: Workspace,
  taken: TakenRun,
  options: Pick<DriveOptions, 'releaseHeld' | 'signal' | 'until'>,
): Promise<RunReport> {
  const handle = new RunHandle(workspace, taken, new EventEmitter<{ event: [RunEvent] }>())
  try {
    return (await handle.drive(options)).report
  } finally {
    await handle.stop()
    handle.close()
  }
}

/** Words of the SDK: a run that is held has failed until a person has it go on, so that no program waits for ever. */
function statusOf({ counts, run }: RunReport): BatchStatus {
  const completed = counts.succeeded + counts.truncated + counts.refused + counts.invalid
  const failed = counts.failed + counts.expired + counts.cancelled + counts.missing
  const isHeld = run.state === 'held'
  const message = inFlags(`run ${run.id} is held; look with: ${commandLine('status', run.id)}`)
  return {
    status: run.state === 'completed' ? 'completed' : isHeld || run.state === 'cancelled' ? 'failed' : 'pending',
    rawStatus: run.state,
    requestCounts: {
      total: run.requestCount,
      pending: Math.max(0, run.requestCount - completed - failed),
      completed,
      failed,
    },
    ...(isHeld ? { error: { message, code: 'held' } } : {}),
    createdAt: new Date(run.createdAt).toISOString(),
  }
}

/** What the SDK makes of a row: the answer where one came, whatever the reason why the model stopped. */
async function itemOf({ id, result, ...row }: RowOutcome, provider: Provider, calls: ModelCalls): Promise<ItemResult> {
  const base = { type: 'text', id: id ?? String(row.line) } as const
  if (result === null) return { ...base, status: 'failed', error: { message: 'the request was never sent' } }
  const { outcome, rawLine, target } = result
  const reply = rawLine === null ? undefined : provider.synchronous?.(target.endpoint)?.replyOf(rawLine)
  const statusCode = reply === undefined ? {} : { statusCode: reply.status }
  if (reply) {
    try {
      return { ...base, status: 'succeeded', result: await calls.read(target.model, reply) }
    } catch (error) {
      return { ...base, status: 'failed', error: { message: messageOf(error), ...statusCode } }
    }
  }
  const message = outcome.reason ?? `the request ended as ${outcome.status}, without an answer`
  const error = outcome.code === null ? { message } : { message, code: outcome.code }
  const isGivenUp = outcome.status === 'cancelled' || outcome.status === 'expired'
  return isGivenUp ? { ...base, status: outcome.status, error } : { ...base, status: 'failed', error }
}

function notText(type: string): LlmBatchError {
  return new LlmBatchError('usage', `batches here take requests of the type text, not ${type}`, {
    next: 'Ask for it outside of these batches.',
  })
}

function unfinished(id: string, state: RunState): LlmBatchError {
  return new LlmBatchError('usage', `the results of run ${id} are not there yet: it is ${state}`, {
    next: 'Look at its status until that is completed or failed.',
  })
}
