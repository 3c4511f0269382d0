import type { Clock } from '../../lib/clock.ts'
import type { Progress } from '../../workspace/progress.ts'
import { PlainProgress } from '../render/progress/plain-progress.ts'
import { type ProgressView, progressView } from '../render/progress/progress-view.ts'
import { Panel } from '../render/terminal/panel.ts'
import type { Shell } from '../shell.ts'

const REFRESH_MS = 1_000

/** Reading how far a large run has come takes a while; it may take one part in twenty of the time. */
const LEAST_REST = 20

/** A way of showing moments of a run. */
interface Display {
  show(view: ProgressView): void
  finish(view: ProgressView): void
}

/** Progress on standard error while a run goes on: a live panel in a terminal, plain lines elsewhere. */
export class RunProgress {
  readonly #shell: Shell
  readonly #clock: Clock
  readonly #read: () => Promise<Progress>
  readonly #display: Display
  readonly #stop = new AbortController()
  readonly #refreshing: Promise<void>
  #failure: unknown

  /** Begins to show what `read` tells. */
  constructor(shell: Shell, clock: Clock, read: () => Promise<Progress>) {
    this.#shell = shell
    this.#clock = clock
    this.#read = read
    this.#display = displayFor(shell)
    this.#refreshing = this.#refresh().catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Shows the last moment where it is worth keeping; throws what reading threw. May be repeated. */
  async stop(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    await this.#refreshing
    this.#display.finish(await this.#view())
    this.#shell.showPanel(undefined)
    if (this.#failure !== undefined) throw this.#failure
  }

  async #refresh(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const startedAt = this.#clock.monotonic()
      const view = await this.#view()
      if (this.#stop.signal.aborted) return
      this.#display.show(view)
      const tookMs = this.#clock.monotonic() - startedAt
      await this.#clock.sleep(Math.max(REFRESH_MS, tookMs * LEAST_REST), this.#stop.signal)
    }
  }

  async #view(): Promise<ProgressView> {
    return progressView(await this.#read(), this.#clock.now())
  }
}

function displayFor(shell: Shell): Display {
  const { errorColors, terminal } = shell
  if (!terminal) return new PlainProgress((line) => shell.tell(line), errorColors)
  const panel = new Panel(terminal, errorColors)
  shell.showPanel(panel)
  return { show: (view) => panel.show(view), finish: () => panel.clear() }
}
