import { isAskedDirectly } from '../../../model/batch.ts'
import type { AttemptRecord } from '../../../store/port/attempt.ts'
import { BUDGET_CODES } from '../../../submit/over-budget.ts'
import { BATCH_PHASES, type BatchPhase, phaseOf } from '../../../workspace/progress.ts'
import { count } from '../terminal/quantity.ts'

/** Holds that a higher cap, or another day, ends. */
const HELD_FOR_BUDGET: readonly (string | null)[] = BUDGET_CODES

/** What people read for each phase of a batch. */
const WORDS: Readonly<Record<BatchPhase, string>> = {
  planned: 'planned',
  asking: 'asking directly',
  uploading: 'uploading',
  waiting: 'waiting for quota',
  unfunded: 'waiting for budget',
  unconfirmed: 'unconfirmed',
  queued: 'queued',
  running: 'running',
  finalizing: 'finalizing',
  checking: 'checking results',
  held: 'held',
  collected: 'collected',
}

/** `3 running`, `2 queued`: the phases above zero, in the order in which a batch passes them. */
export function describeBatches(counts: Readonly<Record<BatchPhase, number>>): readonly string[] {
  return BATCH_PHASES.filter((phase) => counts[phase] > 0).map((phase) => `${count(counts[phase])} ${WORDS[phase]}`)
}

/** The state of one batch, with the ways to end that a phase does not tell apart. */
export function describeBatch(attempt: AttemptRecord): string {
  const { kind, reasonCode, stage, remoteStatus } = attempt
  if (kind === 'carried') return 'carried over'
  if (stage === 'held' && HELD_FOR_BUDGET.includes(reasonCode)) return 'held for budget'
  if (isAskedDirectly(attempt) && (stage === 'collected' || stage === 'rejected')) return 'asked directly'
  if (stage === 'rejected') return 'refused'
  if (stage === 'abandoned' || stage === 'cancelled') return 'never sent'
  return stage === 'submitted' && remoteStatus === 'cancelling' ? 'cancelling' : WORDS[phaseOf(attempt)]
}
