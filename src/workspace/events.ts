import { FINAL_STAGES } from '../model/attempt.ts'
import type { Happening, SettledBatch } from '../model/event.ts'
import { OUTCOME_STATUSES } from '../model/outcome.ts'
import type { TallyGroup } from '../model/tally.ts'
import { costOfParts } from '../prices/bill.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunContext } from './context.ts'

/** Tells what a step made of a batch, where it changed what a person would see, and what came of an attempt that is over. */
export async function emitBatch(context: RunContext, before: AttemptRecord): Promise<void> {
  const after = await context.store.currentAttempt(before.batchKey)
  if (before.stage === 'submitted') context.noteLook(before.target)
  if (hasChanged(before, after)) context.emit(batchEvent(after))
  const over = overOf(before, after)
  if (over !== null) context.emit(await settledEvent(context, over))
}

/**
 * The attempt that the step has ended; null where it goes on. A step replaces only what the provider never took, or what it
 * refused.
 */
function overOf(before: AttemptRecord, after: AttemptRecord): AttemptRecord | null {
  if (before.key !== after.key) return { ...before, stage: before.stage === 'ended' ? 'rejected' : 'abandoned' }
  return before.stage !== after.stage && FINAL_STAGES.includes(after.stage) ? after : null
}

function hasChanged(before: AttemptRecord, after: AttemptRecord): boolean {
  return (
    before.key !== after.key ||
    before.stage !== after.stage ||
    before.remoteStatus !== after.remoteStatus ||
    before.reasonCode !== after.reasonCode
  )
}

function batchEvent(attempt: AttemptRecord): Happening {
  return {
    type: 'batch',
    batch: attempt.batch,
    attempt: attempt.number,
    stage: attempt.stage,
    remoteId: attempt.remoteId,
    remoteStatus: attempt.remoteStatus,
    reason: attempt.reason,
  }
}

async function settledEvent({ priceOf, store }: RunContext, attempt: AttemptRecord): Promise<Happening> {
  const { endpoint, model, provider } = attempt.target
  const { settled, tally } = await store.batch(attempt.batchKey)
  const sum = (pick: (part: AttemptRecord['usage'][number]) => number): number =>
    attempt.usage.reduce((all, part) => all + pick(part), 0)
  return {
    type: 'settled',
    batch: attempt.batch,
    attempt: attempt.number,
    stage: attempt.stage,
    kind: attempt.kind,
    provider,
    endpoint,
    model,
    remoteId: attempt.remoteId,
    requests: attempt.requestCount,
    plannedAt: new Date(attempt.createdAt).toISOString(),
    uploadedAt: instantOf(attempt.uploadedAt),
    submittedAt: instantOf(attempt.submittedAt),
    endedAt: instantOf(attempt.endedAt),
    rows: attempt.stage === 'cancelled' || settled?.attemptKey === attempt.key ? rowsByOutcome(tally) : {},
    inputTokens: sum(({ promptTokens }) => promptTokens),
    cachedInputTokens: sum(({ cachedTokens }) => cachedTokens),
    outputTokens: sum(({ completionTokens }) => completionTokens),
    costUsd: costOfParts(attempt.usage, priceOf(attempt.target), attempt.kind),
  }
}

function instantOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

function rowsByOutcome(tally: readonly TallyGroup[]): SettledBatch['rows'] {
  const rowsOf = (status: string): number =>
    tally.filter(({ state }) => state === status).reduce((sum, { rows }) => sum + rows, 0)
  return Object.fromEntries(
    OUTCOME_STATUSES.map((status) => [status, rowsOf(status)] as const).filter(([, rows]) => rows > 0),
  )
}
