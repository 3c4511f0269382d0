import { giveUp } from '../collect/give-up.ts'
import { LlmBatchError } from '../model/error.ts'
import type { ReasonCode } from '../model/reason.ts'
import type { CancelCause } from '../model/run.ts'
import { ProviderError } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunContext } from '../workspace/context.ts'
import { emitBatch } from '../workspace/events.ts'
import { heedDeadline } from './deadline.ts'
import { lookSoon } from './recover.ts'
import { release } from './release.ts'

/** Notices that a run is to be cancelled, by a person or by its deadline; from then on nothing of it is sent. */
export class Cancellation {
  readonly #context: RunContext
  #by: CancelCause | null

  constructor(context: RunContext, { cancelCause, state }: RunRecord) {
    this.#context = context
    this.#by = state === 'cancelling' ? (cancelCause ?? 'user') : null
  }

  /** Who wants the run cancelled; null until that was noticed. */
  get by(): CancelCause | null {
    return this.#by
  }

  /** Looks whether the run is to be cancelled now, and begins with that. Returns the run. */
  async notice(): Promise<RunRecord> {
    const { store } = this.#context
    if (this.#by === null) await heedDeadline(this.#context)
    const run = await store.record()
    if (this.#by === null && run.cancelRequestedAt !== null) {
      this.#by = run.cancelCause ?? 'user'
      await this.giveUpUnsent()
      await enterCancelling(this.#context)
      // The wish to cancel goes out with the next look, which must not be minutes away.
      await lookSoon(this.#context)
    }
    await this.giveUpUnsent()
    return run
  }

  /** Gives up what steps have given back to be sent since the cancellation; nothing before it. May be repeated. */
  async giveUpUnsent(): Promise<void> {
    if (this.#by === null) return
    for (const attempt of await this.#context.store.cancelUnsent()) await emitBatch(this.#context, attempt)
  }
}

/**
 * Turns a run to cancelling: what is held is taken up again so that it can be cancelled and harvested. A batch whose
 * results the provider no longer has is settled as missing, so that a retry can buy it again.
 */
async function enterCancelling(context: RunContext): Promise<void> {
  const { clock, store } = context
  const { state } = await store.record()
  if (state !== 'cancelling') await store.moveRun('cancelling')
  for (const attempt of await store.unfinishedAttempts()) {
    if (attempt.stage === 'held' && GONE_CODES.includes(attempt.reasonCode)) {
      await giveUp(context, attempt, 'the provider no longer has the results of its batch, and the run was cancelled')
    }
    // However long the provider asked to wait: no call is made any more, and the answers are there.
    if (attempt.stage === 'calling') await store.noteAttempt(attempt.key, { nextAt: clock.now() })
  }
  await release(context)
}

/** Reasons of batches whose results will not come any more; looking again would only hold them again. */
const GONE_CODES: readonly (ReasonCode | null)[] = ['lost_at_provider', 'results_gone']

/**
 * Asks the provider to cancel a batch that is still at work there. Only a wish, repeated with every look until the
 * provider shows that it was heard; what was finished by then is harvested as usual.
 */
export async function cancelRemote(context: RunContext, attempt: AttemptRecord, signal: AbortSignal): Promise<void> {
  const isAtWork = attempt.stage === 'submitted' && attempt.remoteStatus !== 'cancelling' && attempt.endedAt === null
  if (!isAtWork || attempt.remoteId === null) return
  try {
    await context.provider.cancel(attempt.remoteId, signal)
  } catch (error) {
    // The race with completion is lost often enough (F69); the look that follows tells what is true.
    if (!(error instanceof ProviderError)) throw error
    context.emit({
      type: 'warning',
      code: 'cancel_not_confirmed',
      message: `the provider did not confirm that batch ${attempt.batch} was cancelled: ${error.message}`,
      batch: attempt.batch,
    })
  }
}

/** Throws when a run can no longer be cancelled. */
export function assertCancellable(state: string, id: string): void {
  if (state === 'completed' || state === 'cancelled') {
    throw new LlmBatchError('usage', `run ${id} is ${state}; there is nothing left to cancel`)
  }
}
