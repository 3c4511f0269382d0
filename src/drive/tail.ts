import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Deadline, Tail } from '../model/run.ts'
import type { RunContext } from '../workspace/context.ts'

/**
 * Has what the deadline has left over asked directly, once nothing of the run can be alive at the provider; `unsettled` where
 * that is not known yet. May be repeated: a tail begins once.
 */
export async function beginTail({ emit, store }: RunContext): Promise<'begun' | 'unsettled' | 'none'> {
  const opening = await store.beginTail()
  const warn = (message: string): void => emit({ type: 'warning', code: 'tail', message, batch: null })
  switch (opening.did) {
    case 'begun':
      warn(
        `everything at the provider has ended; rows left over: ${opening.rows}, now asked directly at the full price`,
      )
      return 'begun'
    case 'unsettled':
      return 'unsettled'
    case 'in_doubt':
      warn('nothing is asked directly, because a batch of the same rows may still be alive at the provider')
      return 'none'
    case 'not_due':
      return 'none'
    default:
      return opening satisfies never
  }
}

/** Throws `usage` where a tail has no deadline, or rows of the run cannot be asked directly. */
export async function assertTail(
  { provider, store }: Pick<RunContext, 'provider' | 'store'>,
  tail: Tail,
  deadline: Deadline | null,
): Promise<void> {
  if (deadline === null) {
    throw new LlmBatchError('usage', `${mention('tail', tail)} needs a deadline`, {
      next: `Say when the run should be done with ${mention('deadline')}.`,
    })
  }
  if ((await store.record()).isOpen) {
    throw new LlmBatchError('usage', `${mention('tail', tail)} is for runs that take no more rows`, {
      next: `Seal the run first, or leave ${mention('tail')} out.`,
    })
  }
  const unfit = (await store.batches()).find(({ target }) => !provider.limits(target).canCallDirectly)
  if (!unfit) return
  const { endpoint } = unfit.target
  throw new LlmBatchError('usage', `rows for ${endpoint} cannot be asked directly at ${provider.name}`, {
    next: `Leave ${mention('tail')} out.`,
  })
}
