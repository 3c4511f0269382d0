import type { CanarySettings } from '../config/settings.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import { commandLine, mention } from '../model/options/mention.ts'
import type { OutcomeStatus } from '../model/outcome.ts'
import { isFinished } from '../model/run.ts'
import { targetKey } from '../model/target.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunStore } from '../store/store.ts'
import { refuseUnfitModels } from '../workspace/judged-models.ts'
import { chosenBy } from '../workspace/retryable.ts'
import type { Site } from '../workspace/workspace.ts'

/** Selection of the rows to send again. */
export interface RetryOptions {
  /** Outcomes to buy again, also where they were or may have been billed; none for what was certainly not billed. */
  readonly statuses: readonly OutcomeStatus[]
  /** The most tokens of each new answer; null for the limit they had. */
  readonly maxTokens: number | null
  /** Sends although their model ends before its batches do, or is not taken in batches. @default false */
  readonly forceModel?: boolean | undefined
}

/** Rows that were given back to be sent. */
export interface Reopened {
  readonly count: number
  /** True where a few of them are asked directly first. */
  readonly hasCanary: boolean
}

/**
 * Gives requests back to be sent: by default those that ended without an answer and certainly without a bill; what may
 * have been billed only when its status is named. Where there are any, the run is open again. Of many, or with another
 * limit of more than a few, some are asked directly first. Rows are counted, several of which may share a request.
 */
export async function reopen(store: RunStore, options: RetryOptions, canary: CanarySettings): Promise<Reopened> {
  const { maxTokens, statuses } = options
  await assertNoTail(store)
  const canaryAbove = canaryAboveFor(options, canary)
  const count = await store.reopenRequests({ ...chosenBy(statuses), maxTokens, canaryAbove })
  return { count, hasCanary: canaryAbove !== null && count > canaryAbove }
}

/** While a tail is asked, whatever is given back would be bought in its dearer way. Throws `usage`. */
async function assertNoTail(store: RunStore): Promise<void> {
  const { id, state, tailBegunAt } = await store.record()
  if (tailBegunAt === null || isFinished(state)) return
  throw new LlmBatchError('usage', `the rest of run ${id} is being asked directly; nothing was given back`, {
    next: `Let it end first: ${commandLine('resume', id)}`,
  })
}

/**
 * The number of requests above which a few are asked directly first; null for never. With another limit of tokens it is
 * smaller, because the model may refuse that parameter.
 */
export function canaryAboveFor(
  { maxTokens }: RetryOptions,
  { aboveRequests, isOn, requests }: CanarySettings,
): number | null {
  if (!isOn) return null
  return maxTokens === null ? aboveRequests : Math.min(requests, aboveRequests)
}

/**
 * Throws `unfit_model` where the models of a run would not answer what is sent again, unless the user insists; warns of those
 * that end soon.
 */
export async function refuseRetry(
  site: Site,
  run: Pick<RunStore, 'allAttempts' | 'record'>,
  { forceModel: isForced = false }: RetryOptions,
  emit: Emit,
): Promise<void> {
  const { definition } = await run.record()
  const targets = (await run.allAttempts()).map(({ target }) => target)
  await refuseUnfitModels(site, { targets, timeoutHours: definition.timeoutHours, isForced }, emit)
}

/** Throws `usage` where a target's answers have no limit of tokens that could be set. */
export async function assertLimitable(
  { describe }: Pick<Site, 'describe'>,
  attempts: readonly AttemptRecord[],
): Promise<void> {
  const targets = new Map(attempts.map(({ target }) => [targetKey(target), target]))
  for (const target of targets.values()) {
    const provider = await describe(target.provider)
    if (provider.limits(target).maxTokensField !== null) continue
    throw new LlmBatchError('usage', `${target.endpoint} does not support a maximum of tokens; nothing was sent`, {
      next: `Leave ${mention('maxTokens')} out.`,
    })
  }
}
