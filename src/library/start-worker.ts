import { EventEmitter } from 'node:events'
import type { RunEvent } from '../model/event.ts'
import { inProperties } from '../model/options/mention.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { checkWorkerOptions } from './library-checks.ts'
import type { StartWorkerOptions } from './library-options.ts'
import { openPlace } from './open-place.ts'
import { toldReport } from './told.ts'
import { DEFAULT_CONCURRENCY, Worker, type WorkerCounts } from './worker.ts'

/** A worker of a home at work in this process, until it is closed. */
export class RunningWorker {
  readonly #workspace: Workspace
  readonly #worker: Worker
  readonly #stopping = new AbortController()
  /** Settled with what ended the work, so that it is not lost before anyone waits for it. */
  readonly #work: Promise<PromiseSettledResult<void>>
  #closing: Promise<void> | undefined

  constructor(workspace: Workspace, worker: Worker, signal: AbortSignal | undefined) {
    this.#workspace = workspace
    this.#worker = worker
    const { signal: stopping } = this.#stopping
    const work = worker.work(signal === undefined ? stopping : AbortSignal.any([signal, stopping]))
    this.#work = Promise.allSettled([work]).then(([settled]) => settled)
  }

  /** What it has done since its start. */
  get counts(): WorkerCounts {
    return this.#worker.counts
  }

  /**
   * Resolves when the worker has ended: by its signal or `close`, or with `once` when no run is left that it takes further.
   * May be repeated. Throws what ended it otherwise, such as a home that cannot be read any more.
   */
  async finished(): Promise<void> {
    const settled = await this.#work
    if (settled.status === 'rejected') throw settled.reason
  }

  /** Stops the worker, waits until it has let go of what is in hand, and lets go of its home. May be repeated. */
  async close(): Promise<void> {
    this.#stopping.abort()
    this.#closing ??= this.#work.then(() => this.#workspace.close())
    await this.#closing
  }

  /** Closes the worker at the end of a block that holds it by `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Starts to carry out all runs of a home in this process, as the worker of the command does; any number of them share the
 * runs of a home in a database. Each run is taken a round further when it is due, and let go of. Nothing is cancelled at the
 * provider when it is stopped. Throws where the options are wrong or the home cannot be opened.
 */
export async function startWorker(options: StartWorkerOptions = {}): Promise<RunningWorker> {
  checkWorkerOptions(options)
  const { concurrency = DEFAULT_CONCURRENCY, once = false, onEvent, onNews, signal, ...place } = options
  const workspace = await openPlace(place)
  const emitter = new EventEmitter<{ event: [RunEvent] }>()
  if (onEvent) emitter.on('event', onEvent)
  const worker = new Worker(workspace, {
    concurrency,
    isOnce: once,
    emitter,
    words: inProperties,
    tell: async (news) => {
      await onNews?.(news.kind === 'round' ? { ...news, report: toldReport(news.report, inProperties) } : news)
    },
  })
  return new RunningWorker(workspace, worker, signal)
}
