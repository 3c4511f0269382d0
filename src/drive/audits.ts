import { ProviderError } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { auditCreates } from '../submit/audit.ts'
import type { RunContext } from '../workspace/context.ts'
import { isActive } from './conclude.ts'

/**
 * Sees to it that one listing shows whether any of the creates was repeated on its way. Batches that are still at work can
 * wait for the next one; the run does not end before the last ones were looked at.
 */
export class Audits {
  readonly #context: RunContext
  /** Not before this instant is another audit tried while there is something to wait for. */
  #nextAt = 0
  /** Since when audits have proved nothing; after a settle wait of that, a run ends without one. */
  #failSince: number | undefined

  constructor(context: RunContext) {
    this.#context = context
  }

  /**
   * The attempts that an audit now would be about, of a run with these unfinished ones; none while something is being
   * sent, or soon after the last audit.
   */
  async due(attempts: readonly AttemptRecord[]): Promise<readonly AttemptRecord[]> {
    const isSending = attempts.some(({ stage }) => stage === 'uploaded' || stage === 'creating')
    const canWait = this.#failSince !== undefined || attempts.some(isActive)
    const isTooEarly = canWait && this.#context.clock.now() < this.#nextAt
    return isSending || isTooEarly ? [] : await this.#context.store.unauditedAttempts()
  }

  /** One audit. It guards against a fault of others; that it fails must not keep the answers from anyone. */
  async audit(attempts: readonly AttemptRecord[], signal: AbortSignal): Promise<void> {
    const { clock, settings } = this.#context
    try {
      const isAudited = await auditCreates(this.#context, attempts, signal)
      this.#failSince = isAudited ? undefined : (this.#failSince ?? clock.now())
    } catch (error) {
      if (!(error instanceof ProviderError) && !signal.aborted) throw error
      this.#failSince ??= clock.now()
    }
    this.#nextAt = clock.now() + settings.waits.pollMs
  }

  /** True where the last audits have failed and a further one is worth waiting for. */
  get isPending(): boolean {
    const { clock, settings } = this.#context
    return this.#failSince !== undefined && clock.now() - this.#failSince < settings.waits.settleMs
  }

  /** Forgets when the next one is due, because the clock has jumped. */
  restart(): void {
    this.#nextAt = 0
  }
}
