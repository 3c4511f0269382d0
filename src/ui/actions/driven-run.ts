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
  /** The error that ended the drive; null where it goes on or ended well. */
  #failure: unknown = null
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
   * Begins to drive the run, and waits until something happens to it, so that what refuses it at once is thrown. `onEnd`
   * hears of the end, with an error that comes later.
   */
  async begin(onEnd: (error: unknown) => void): Promise<void> {
    const news = new AbortController()
    const listener = (event: RunEvent): void => {
      if (event.run === this.#handle.id && isNews(event)) news.abort()
    }
    this.#emitter.on('event', listener)
    let isAnswered = false
    const driveToItsEnd = async (): Promise<void> => {
      const error = await this.#drive()
      news.abort()
      onEnd(isAnswered ? error : null)
    }
    this.#ending = driveToItsEnd()
    await this.#workspace.clock.sleep(FIRST_NEWS_MS, news.signal)
    this.#emitter.off('event', listener)
    isAnswered = true
    if (this.#failure !== null) throw this.#failure
  }

  /** Stops the drive and lets go of the run; nothing is cancelled at the provider. */
  async stop(): Promise<void> {
    await this.#handle.stop()
    await this.#ending
  }

  /** Drives the run to its end and lets go of it; returns the error that ended it early, else null. */
  async #drive(): Promise<unknown> {
    try {
      // The place that was named for the answers is one of the machine that made the run, which may be another.
      await this.#handle.drive({ writesAnswers: this.#workspace.home.kind === 'folder' })
      this.#failure = null
    } catch (error) {
      this.#failure = error
    } finally {
      this.#handle.close()
    }
    return this.#failure
  }
}

/** Something from which it can be told whether the run goes on; of one whose batches are held again the end comes at once. */
function isNews(event: RunEvent): boolean {
  return event.type === 'run' || (event.type === 'batch' && event.stage !== 'held')
}
