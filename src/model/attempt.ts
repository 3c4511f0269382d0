import { LlmBatchError } from './error.ts'

/**
 * What we did with an attempt; moves only when we act, each move one guarded update.
 *
 * - `planned`: the input file is on disk, nothing was sent. A batch of kind `carried` goes from here to `collected`.
 * - `uploaded`: the provider has the file and reported our size, or takes the input with the create; creating may be tried.
 * - `creating`: an intent is committed and its one POST may be on the wire. Found at start-up, it means that a
 *   process died there, and the attempt becomes `unconfirmed`.
 * - `unconfirmed`: whether the batch exists is unknown; only listing may decide.
 * - `calling`: a direct batch whose requests are sent one by one, each with an intent of its own. Found at start-up, a call
 *   without an answer is in doubt: its request is `missing` and never sent again by itself; the others go on.
 * - `submitted`: the remote id is known; polled until the provider reports a terminal status. Entered from `planned`
 *   only by taking over a batch that another home made of the same work, and only when the user asks for that.
 * - `ended`: terminal at the provider; files are to be downloaded, verified and settled. Of a direct batch: no call is to
 *   be made any more, and its result file is here.
 * - `collected`: every request of it has an outcome or is pending again. Final.
 * - `held`: a person must decide; the reason is recorded. Nothing is lost, nothing is bought. What a person gives up goes
 *   from here to `collected`, every request of it `missing`.
 * - `rejected`: refused as a whole and unbilled. Final.
 * - `abandoned`: proved never created, or cut up before it was. Final.
 * - `cancelled`: never sent, and the user cancelled the run. Final.
 */
export const STAGES = [
  'planned',
  'uploaded',
  'creating',
  'unconfirmed',
  'calling',
  'submitted',
  'ended',
  'collected',
  'held',
  'rejected',
  'abandoned',
  'cancelled',
] as const

export type Stage = (typeof STAGES)[number]

/** The one table of allowed moves; the store's guards, the tests and the documents are derived from it. */
export const MOVES: Readonly<Record<Stage, readonly Stage[]>> = {
  planned: ['uploaded', 'calling', 'submitted', 'collected', 'held', 'cancelled', 'abandoned'],
  uploaded: ['creating', 'held', 'cancelled', 'abandoned'],
  creating: ['submitted', 'uploaded', 'unconfirmed', 'held'],
  unconfirmed: ['submitted', 'uploaded', 'creating', 'abandoned', 'held'],
  calling: ['ended', 'held'],
  submitted: ['ended', 'held'],
  ended: ['collected', 'rejected', 'held', 'submitted'],
  collected: [],
  held: ['planned', 'uploaded', 'unconfirmed', 'calling', 'submitted', 'ended', 'abandoned', 'rejected', 'collected'],
  rejected: [],
  abandoned: [],
  cancelled: [],
}

/** Stages in which nothing more will happen to the attempt. */
export const FINAL_STAGES: readonly Stage[] = STAGES.filter((stage) => MOVES[stage].length === 0)

/** Stages from which a step of its own takes an attempt further. */
export const ADVANCING_STAGES: readonly Stage[] = ['planned', 'uploaded', 'calling', 'submitted', 'ended']

/** Stages in which a batch of ours may be alive at the provider, so that it counts as open. */
export const OPEN_STAGES = ['creating', 'unconfirmed', 'submitted'] as const satisfies readonly Stage[]

/** Throws when the table does not allow the move; a bug of ours, so the message names both states. */
export function assertMove(from: Stage, to: Stage): void {
  if (!MOVES[from].includes(to)) {
    throw new LlmBatchError('conflict', `an attempt cannot move from ${from} to ${to}`)
  }
}

/**
 * What the provider says; moves only when we look, the provider's raw word kept beside it. An unknown word is
 * `in_progress` plus a warning.
 */
export const REMOTE_STATUSES = [
  'queued',
  'in_progress',
  'finalizing',
  'cancelling',
  'completed',
  'failed',
  'expired',
  'cancelled',
] as const

export type RemoteStatus = (typeof REMOTE_STATUSES)[number]

/** Statuses after which the provider does no more work on a batch. */
export const TERMINAL_STATUSES = [
  'completed',
  'failed',
  'expired',
  'cancelled',
] as const satisfies readonly RemoteStatus[]

export type TerminalStatus = (typeof TERMINAL_STATUSES)[number]

/** True for a status after which the provider does no more work on a batch. */
export function isTerminal(status: RemoteStatus): status is TerminalStatus {
  return (TERMINAL_STATUSES as readonly RemoteStatus[]).includes(status)
}
