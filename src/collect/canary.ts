import type { Outcome } from '../model/outcome.ts'
import { clauseOf } from '../model/stop-loss.ts'
import { Refusals } from './refusals.ts'

/** Why a direct batch is held, where most of its rows were refused. */
export const CANARY_REFUSED = 'canary_refused'

/** Codes of refusals that concern what one row says, not what all rows ask for. */
const ABOUT_CONTENT = /content_(?:filter|policy)|invalid_prompt|moderation|safety/i

/** Refusals at least, unless fewer rows were to be asked: one odd row with parameters of its own stops no run. */
const LEAST_REFUSED = 3

/**
 * Whether a run should stop after its canary: the API itself refuses, by parameters, model or account, most of the rows
 * that were asked. Refused content, cut answers and passing failures are outcomes like any other. Why, in words; null
 * where it may go on.
 */
export function judgeCanary(outcomes: readonly Outcome[], wanted: number): string | null {
  const refusals = new Refusals()
  for (const outcome of outcomes) if (!ABOUT_CONTENT.test(outcome.code ?? '')) refusals.add(outcome)
  const most = refusals.most(outcomes.length)
  const isStopped = refusals.total > outcomes.length / 2 && refusals.total >= Math.min(LEAST_REFUSED, wanted)
  if (!most || !isStopped) return null
  return (
    `${refusals.total} of the ${outcomes.length} rows that were asked directly beforehand were refused, ` +
    `${most.failed} with ${most.code}: ${clauseOf(most.example)}; nothing was bought in batches. ` +
    'With other parameters it is another run. Resume asks the same again; --no-canary sends all rows without asking'
  )
}
