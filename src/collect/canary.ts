import type { Outcome } from '../model/outcome.ts'
import { clauseOf } from '../model/stop-loss.ts'
import { Refusals } from './refusal-counts.ts'

/** Why a direct batch is held, where most of its rows were refused. */
export const CANARY_REFUSED = 'canary_refused'

/** Why a direct batch is held, where none of its answers can be used. */
export const CANARY_UNUSABLE = 'canary_unusable'

/** The reason to stop a run after its canary. */
export interface CanaryStop {
  readonly code: typeof CANARY_REFUSED | typeof CANARY_UNUSABLE
  /** In words, with the ways on. */
  readonly reason: string
}

/** Refusals at least, unless fewer rows were to be asked: one odd row with parameters of its own stops no run. */
const LEAST_REFUSED = 3

/**
 * Whether a run should stop after its canary: the API itself refuses, by parameters, model or account, most of the rows
 * that were asked, or every answer is cut, empty or invalid. Refused content, single answers of these kinds and passing
 * failures are outcomes like any other. Null where the run may go on. `wanted`: rows that were to be asked.
 */
export function judgeCanary(outcomes: readonly Outcome[], wanted: number): CanaryStop | null {
  const least = Math.min(LEAST_REFUSED, wanted)
  return judgeRefusals(outcomes, least) ?? judgeAnswers(outcomes, least)
}

function judgeRefusals(outcomes: readonly Outcome[], least: number): CanaryStop | null {
  const refusals = new Refusals()
  for (const outcome of outcomes) if (!outcome.contentProblem) refusals.add(outcome)
  const most = refusals.most(outcomes.length)
  if (!most || refusals.total <= outcomes.length / 2 || refusals.total < least) return null
  const reason =
    `${refusals.total} of the ${outcomes.length} rows that were asked directly beforehand were refused, ` +
    `${most.failed} with ${most.code}: ${clauseOf(most.example)}; nothing was bought in batches. ` +
    'With other parameters it is another run. Resume asks the same again; --no-canary sends all rows without asking'
  return { code: CANARY_REFUSED, reason }
}

function judgeAnswers(outcomes: readonly Outcome[], least: number): CanaryStop | null {
  if (outcomes.length < least || outcomes.length === 0 || !outcomes.every(isUnusable)) return null
  const counts = new Map<string, number>()
  for (const { status, code } of outcomes) {
    const word = status === 'failed' ? (code ?? status) : status
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  const words = [...counts].map(([word, count]) => `${count} ${word}`).join(', ')
  const cut = counts.has('truncated') ? ', such as more --max-tokens,' : ''
  const reason =
    `none of the ${outcomes.length} rows that were asked directly beforehand has a usable answer (${words}); nothing was ` +
    `bought in batches. With other parameters${cut} or another prompt it is another run. Resume sends the other rows as they are`
  return { code: CANARY_UNUSABLE, reason }
}

/** An answer that was or may have been paid for and cannot be used. */
function isUnusable({ billed, status }: Outcome): boolean {
  return status === 'truncated' || status === 'invalid' || (status === 'failed' && billed !== 'no')
}
