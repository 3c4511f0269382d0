import type { OutcomeStatus } from '../model/outcome.ts'
import type { RequestState } from '../model/tally.ts'

/**
 * Fate of a request, as a batch that holds it says it.
 *
 * - `open`: it is on its way, or about to be.
 * - `waiting`: it came back without a final answer, and a person must decide before it is sent again.
 * - `returned`: it came back without a final answer, and is to be sent again.
 * - `given_up`: it came back so, or was never sent, and the run was cancelled.
 * - otherwise its outcome, which is final.
 */
export type EntryFate = 'open' | 'waiting' | 'returned' | 'given_up' | OutcomeStatus

/** A request in one of the batches that hold it. */
export interface Asked {
  readonly fate: EntryFate
  /** How often its question was asked anew before; 0 for the first question. */
  readonly turn: number
}

/**
 * The present state of a request: what the newest batch that holds it says. Where that one asked anew, because an earlier
 * answer was invalid, and brings no usable answer, nothing is lost by it: the request stays `invalid`, with that answer.
 */
export function stateOf({ fate, turn }: Asked): RequestState {
  if (fate === 'open' || fate === 'waiting') return 'batched'
  if (fate === 'returned') return 'pending'
  const status = fate === 'given_up' ? 'cancelled' : fate
  return turn > 0 && status !== 'succeeded' ? 'invalid' : status
}

/**
 * The batch whose answer a request shows, of those that hold it, the oldest first: the newest one, or, where that one asked
 * anew and is done without an answer, the last one before it that was answered.
 */
export function shownOf<Entry extends Asked>(history: readonly [Entry, ...Entry[]]): Entry {
  const newest = history.at(-1) ?? history[0]
  const isDone = newest.fate !== 'open' && newest.fate !== 'waiting' && newest.fate !== 'returned'
  if (!isDone || newest.turn === 0 || isAnswer(newest.fate)) return newest
  return history.findLast(({ fate }) => isAnswer(fate)) ?? newest
}

function isAnswer(fate: EntryFate): boolean {
  return fate === 'succeeded' || fate === 'invalid'
}

/**
 * The questions that a request was asked, the newest last, each by the newest batch that asked it. The first question asked
 * once more takes the place of itself; what was asked anew before that stays a question of its own.
 */
export function questionsOf<Entry extends Asked>(history: readonly Entry[]): readonly Entry[] {
  const questions = new Map<string, Entry>()
  let begun = 0
  for (const [index, entry] of history.entries()) {
    if (entry.turn === 0 && (history[index - 1]?.turn ?? 0) > 0) begun += 1
    const name = entry.turn === 0 ? 'first' : `${begun}:${entry.turn}`
    questions.set(name, entry)
  }
  const newest = history.at(-1)
  return [...[...questions.values()].filter((entry) => entry !== newest), ...(newest ? [newest] : [])]
}
