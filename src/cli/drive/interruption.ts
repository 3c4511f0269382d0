import { once } from 'node:events'
import type { Clock } from '../../lib/clock.ts'
import { EXIT } from '../../model/error.ts'
import type { Shell } from '../shell.ts'

/** How long a create that is on the wire may still bring its answer after a stop; its intent is durable anyway. */
const GRACE_MS = 5_000

/** SIGHUP comes when the terminal is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Resolves when the user asks the program to stop; for a command whose only work is to be there. */
export async function untilSignalled(): Promise<void> {
  await Promise.race(SIGNALS.map((signal) => once(process, signal)))
}

/**
 * The reaction to Ctrl-C, SIGTERM and a closed terminal: the first stops the work at hand and gives it a few seconds,
 * the second leaves at once. A reader of standard error that goes away, as in `2>&1 | head`, counts as the first.
 * Nothing is cancelled at the provider. Outside of work the first one leaves too: nothing was sent then.
 */
export class Interruption {
  readonly #shell: Shell
  readonly #clock: Clock
  readonly #stop = new AbortController()
  /** Ends the wait of a stop whose work is over. */
  readonly #ended = new AbortController()
  #afterword = 'Nothing was sent.'
  #isAtWork = false
  readonly #listener = (): void => this.#interrupt()
  /** Everything said after the first failure fails as well. */
  readonly #onBrokenPipe = (): void => {
    if (!this.isStopped) this.#interrupt()
  }

  constructor(shell: Shell, clock: Clock) {
    this.#shell = shell
    this.#clock = clock
    for (const signal of SIGNALS) process.on(signal, this.#listener)
    shell.streams.error.on('error', this.#onBrokenPipe)
  }

  /** True once the user has asked to stop. */
  get isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  /** Does work that a signal can stop; `afterword` tells what can be done when it had to be left. */
  async during<Result>(afterword: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    this.#afterword = afterword
    this.#isAtWork = true
    try {
      return await work(this.#stop.signal)
    } finally {
      this.#isAtWork = false
    }
  }

  /** Signals do again what they do to any program. */
  end(): void {
    this.#ended.abort()
    for (const signal of SIGNALS) process.off(signal, this.#listener)
    this.#shell.streams.error.off('error', this.#onBrokenPipe)
  }

  #interrupt(): void {
    if (this.isStopped || !this.#isAtWork) this.#leave()
    this.#shell.tell('Stopping; nothing is cancelled at the provider. Press Ctrl-C again to leave at once.')
    this.#stop.abort()
    void this.#leaveAfterGrace()
  }

  async #leaveAfterGrace(): Promise<void> {
    await this.#clock.sleep(GRACE_MS, this.#ended.signal)
    if (this.#isAtWork) this.#leave()
  }

  #leave(): never {
    this.#shell.showPanel(undefined)
    this.#shell.tell(`Interrupted. ${this.#afterword}`)
    process.exit(EXIT.interrupted)
  }
}
