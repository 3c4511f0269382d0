import type { BatchBar, BatchPhase, RowLine, RunSummary } from '../../src/ui/contract.ts'

/** Signs, one for each kind of standing; each has a shape of its own, so that colour says nothing that is not said twice. */
export type Sign = 'done' | 'failed' | 'held' | 'moving' | 'none' | 'waiting'

/** A standing as it is shown: sign and word. */
export interface Standing {
  readonly sign: Sign
  readonly word: string
}

/** The state of a run in the command's words. */
export function standingOfRun({ failedRows, isLeft, state }: RunSummary): Standing {
  if (isLeft) return { sign: 'held', word: `${state}, left alone` }
  switch (state) {
    case 'running':
    case 'preparing':
      return { sign: 'moving', word: state }
    case 'cancelling':
      return { sign: 'moving', word: state }
    case 'held':
      return { sign: 'held', word: state }
    case 'paused':
      return { sign: 'held', word: 'unfinished' }
    case 'completed':
      return { sign: failedRows > 0 ? 'failed' : 'done', word: failedRows > 0 ? 'completed with failures' : state }
    case 'cancelled':
      return { sign: 'none', word: state }
    case 'ready':
    case 'open':
      return { sign: 'waiting', word: state }
  }
}

const PHASES: Readonly<Record<BatchPhase, Standing>> = {
  planned: { sign: 'waiting', word: 'planned' },
  asking: { sign: 'moving', word: 'asking directly' },
  uploading: { sign: 'moving', word: 'uploading' },
  waiting: { sign: 'waiting', word: 'waiting for quota' },
  unfunded: { sign: 'waiting', word: 'waiting for budget' },
  unconfirmed: { sign: 'waiting', word: 'unconfirmed' },
  queued: { sign: 'waiting', word: 'queued' },
  running: { sign: 'moving', word: 'running' },
  finalizing: { sign: 'moving', word: 'finalizing' },
  checking: { sign: 'moving', word: 'checking results' },
  held: { sign: 'held', word: 'held' },
  collected: { sign: 'done', word: 'collected' },
}

/** A phase in the command's words. */
export function phaseWord(phase: BatchPhase): string {
  return PHASES[phase].word
}

/** The state of a batch, with the ways to end that a phase does not tell apart. */
export function standingOfBatch({ kind, phase, remoteStatus, stage }: BatchBar): Standing {
  if (kind === 'carried') return { sign: 'done', word: 'carried over' }
  if (stage === 'rejected') return { sign: 'failed', word: 'refused' }
  if (stage === 'abandoned' || stage === 'cancelled') return { sign: 'none', word: 'never sent' }
  if ((kind === 'direct' || kind === 'tail') && stage === 'collected') return { sign: 'done', word: 'asked directly' }
  if (stage === 'submitted' && remoteStatus === 'cancelling') return { sign: 'moving', word: 'cancelling' }
  return PHASES[phase]
}

const ROW_SIGNS: Readonly<Record<RowLine['status'], Sign>> = {
  succeeded: 'done',
  failed: 'failed',
  expired: 'failed',
  cancelled: 'none',
  refused: 'failed',
  truncated: 'failed',
  invalid: 'failed',
  missing: 'failed',
  pending: 'waiting',
  skipped: 'none',
}

/** What became of a row. */
export function standingOfRow({ isOnItsWay, status }: Pick<RowLine, 'isOnItsWay' | 'status'>): Standing {
  return isOnItsWay ? { sign: 'moving', word: 'on its way' } : { sign: ROW_SIGNS[status], word: status }
}

/** The statuses that rows can be filtered by, in the order of the command. */
export const ROW_STATUSES = Object.keys(ROW_SIGNS) as readonly RowLine['status'][]
