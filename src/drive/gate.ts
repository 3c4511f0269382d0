import { FINAL_STAGES } from '../model/attempt.ts'
import { isCreatedBatch } from '../model/batch.ts'
import type { Reason } from '../model/reason.ts'
import { isTooMany } from '../model/stop-loss.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunContext } from '../workspace/context.ts'

/** Permission to send batches; what is at the provider already goes on in any case. */
export type Gate =
  | { readonly isOpen: true }
  /**
   * `holdReason` is null where the gate opens by itself, once what goes first has been answered. `isForPriming` lets what
   * primes a cache go, and what waits for nothing but its create.
   */
  | { readonly isOpen: false; readonly holdReason: Reason | null; readonly isForPriming?: true }

/**
 * Closed by failures that looked alike, and until what goes first has been answered: every row that is asked directly, and
 * then the batches that prime a cache. A canary that is held keeps it closed; priming never does, whatever came of it.
 */
export function gateOf({ stopLoss }: Pick<RunRecord, 'stopLoss'>, attempts: readonly AttemptRecord[]): Gate {
  if (stopLoss?.state === 'stopped') {
    const { state: _, ...stop } = stopLoss
    return { isOpen: false, holdReason: { kind: 'stop_loss', ...stop } }
  }
  const canary = attempts.filter(({ kind, stage }) => kind === 'direct' && !FINAL_STAGES.includes(stage))
  if (canary.length === 0) return attempts.some(isPriming) ? BEFORE_OTHERS : { isOpen: true }
  const held = canary.find(({ stage }) => stage === 'held')
  return { isOpen: false, holdReason: held ? (held.reason ?? heldUntold(held)) : null }
}

const BEFORE_OTHERS: Gate = { isOpen: false, holdReason: null, isForPriming: true }

function isPriming({ kind, stage }: AttemptRecord): boolean {
  return kind === 'priming' && stage !== 'held' && !FINAL_STAGES.includes(stage)
}

function heldUntold({ batch }: AttemptRecord): Reason {
  return { kind: 'batch_held', batch, why: null, others: 0 }
}

/** True for a batch that must not be sent while the gate is closed. */
export function waitsAtGate(gate: Gate, attempt: AttemptRecord): boolean {
  if (gate.isOpen || !isBatchToCreate(attempt)) return false
  return gate.isForPriming !== true || (attempt.kind !== 'priming' && attempt.stage === 'planned')
}

/** True for a batch of which no create was sent. */
export function isBatchToCreate({ kind, stage }: AttemptRecord): boolean {
  return isCreatedBatch(kind) && (stage === 'planned' || stage === 'uploaded')
}

/**
 * What a person has decided about failures that stopped the run: to ignore them from now on, or, by another limit, that
 * they were not too many. Done when a run is taken up.
 */
export async function reviewStopLoss(
  { settings, store }: Pick<RunContext, 'settings' | 'store'>,
  isIgnored: boolean,
): Promise<void> {
  const { stopLoss } = await store.record()
  if (isIgnored) await store.setStopLoss({ state: 'ignored' })
  else if (stopLoss?.state === 'stopped' && !isTooMany(stopLoss, settings.stopLoss)) await store.setStopLoss(null)
}
