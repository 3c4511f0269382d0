import type { EventEmitter } from 'node:events'
import { RunHandle } from '../../library/handle.ts'
import type { RunEvent } from '../../model/event.ts'
import { inFlags } from '../../model/options/mention.ts'
import type { TakenRun } from '../../prepare/start.ts'
import type { Workspace } from '../../workspace/workspace.ts'

/** How long an answer waits for the first thing that happens, which may be a refusal. */
const FIRST_NEWS_MS = 3_000

/** A run that this server takes further until it is finished, held, or the server stops. */
export class DrivenRun {
  readonly #workspace: Workspace
  readonly #handle: RunHandle
  readonly #emitter: EventEmitter<{ event: [RunEvent] }>
  /** How the drive ended, null while it goes on; its lock is free then. */
  #ended: { readonly error: unknown } | null = null
  #ending: Promise<void> = Promise.resolve()

  constructor(workspace: Workspace, taken: TakenRun, emitter: EventEmitter<{ event: [RunEvent] }>) {
    this.#workspace = workspace
    this.#emitter = emitter
    this.#handle = new RunHandle(workspace, taken, emitter, inFlags)
  }

  /** Takes up held batches again, as `resume` does; lets go of the run where that is refused, with the refusal. */
  async release(): Promise<void> {
    try {
      await this.#handle.release()
    } catch (error) {
      this.#handle.close()
      throw error
    }
  }

  /** Lets go of a run that is not driven here, so that a worker takes it up. */
  leave(): void {
    this.#handle.close()
  }

  /**
   * Begins to drive the run, and waits until something happens to it, so that what refuses it at once is thrown. `onEnd` hears of
   * the end; an error that comes later is in it.
   */
  async begin(onEnd: (error: unknown) => void): Promise<void> {
    const news = new AbortController()
    const listener = (event: RunEvent): void => {
      if (event.run === this.#handle.id && isNews(event)) news.abort()
    }
    this.#emitter.on('event', listener)
    let isAnswered = false
    this.#ending = this.#drive().then(() => {
      news.abort()
      onEnd(isAnswered ? this.#ended?.error : null)
    })
    await this.#workspace.clock.sleep(FIRST_NEWS_MS, news.signal)
    this.#emitter.off('event', listener)
    isAnswered = true
    if (this.#ended?.error) throw this.#ended.error
  }

  /** Stops the drive and lets go of the run; nothing is cancelled at the provider. */
  async stop(): Promise<void> {
    await this.#handle.stop()
    await this.#ending
  }

  async #drive(): Promise<void> {
    let error: unknown = null
    try {
      // The place that was named for the answers is one of the machine that made the run, which may be another.
      await this.#handle.drive({ writesAnswers: this.#workspace.home.kind === 'folder' })
    } catch (thrown) {
      error = thrown
    }
    this.#handle.close()
    this.#ended = { error }
  }
}

/** Something from which it can be told whether the run goes on; of one whose batches are held again the end comes at once. */
function isNews(event: RunEvent): boolean {
  return event.type === 'run' || (event.type === 'batch' && event.stage !== 'held')
}
