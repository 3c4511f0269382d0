import type { Happening } from '../model/event.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunContext } from './context.ts'

/** Tells what a step made of a batch, where it changed what a person would see. */
export async function emitBatch(context: RunContext, before: AttemptRecord): Promise<void> {
  const after = await context.store.currentAttempt(before.batchKey)
  if (hasChanged(before, after)) context.emit(batchEvent(after))
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
