import { isTerminal } from '../model/attempt.ts'
import { type Target, targetKey } from '../model/target.ts'
import { ProviderError } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunContext } from '../workspace/context.ts'

/**
 * Looks at batches of other runs while a batch of this one waits for the room they take: a run that no process drives any
 * more must not keep its place in the queue for ever. Those that are driven are left to their own processes.
 */
export class ForeignQueueWatch {
  readonly #context: RunContext
  /** In monotonic time. */
  #nextAt = Number.NEGATIVE_INFINITY

  constructor(context: RunContext) {
    this.#context = context
  }

  /** The targets whose queues are worth a look now; empty for none. */
  due(attempts: readonly AttemptRecord[]): readonly Target[] {
    const { clock } = this.#context
    const waiting = attempts.filter(isWaitingForRoom).map(({ target }) => [targetKey(target), target] as const)
    if (waiting.length === 0 || clock.monotonic() < this.#nextAt) return []
    this.#nextAt = clock.monotonic() + this.#context.settings.waits.pollMs
    return [...new Map(waiting).values()]
  }

  /** One look at every batch that its own run has not looked at for long. */
  async look(targets: readonly Target[], signal: AbortSignal): Promise<void> {
    const { clock, settings, store } = this.#context
    for (const target of targets) {
      const unwatched = await store.unwatchedInFlight(target)
      for (const { attemptKey, lastPollAt, remoteId } of unwatched) {
        if (signal.aborted) return
        // One seen in the future was seen before the clock was set back.
        const isFresh = Math.abs(clock.now() - lastPollAt) <= settings.waits.pollMostMs * 2
        if (!isFresh) await this.#lookAt(attemptKey, remoteId, signal)
      }
    }
  }

  async #lookAt(attemptKey: number, remoteId: string, signal: AbortSignal): Promise<void> {
    const { clock, provider, store } = this.#context
    try {
      const { status } = await provider.get(remoteId, signal)
      await store.noteUnwatched(attemptKey, clock.now(), isTerminal(status))
    } catch (error) {
      // It may belong to another project; then its room is not ours to judge.
      if (!(error instanceof ProviderError) && !signal.aborted) throw error
    }
  }
}

/** True for a batch that is uploaded and has been told that the provider's queue has no room. */
export function isWaitingForRoom({ stage, waitingSince }: AttemptRecord): boolean {
  return stage === 'uploaded' && waitingSince !== null
}
