import type { Outcome } from '../model/outcome.ts'
import type { Reason } from '../model/reason.ts'
import { Refusals } from './refusal-counts.ts'

/** The reason to stop a run after its canary: most of its rows were refused, or none of its answers can be used. */
export type CanaryStop = Extract<Reason, { readonly kind: 'canary_refused' | 'canary_unusable' }>

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
  const { code, example, failed } = most
  return { kind: 'canary_refused', refused: refusals.total, asked: outcomes.length, code, example, failed }
}

function judgeAnswers(outcomes: readonly Outcome[], least: number): CanaryStop | null {
  if (outcomes.length < least || outcomes.length === 0 || !outcomes.every(isUnusable)) return null
  const counts = new Map<string, number>()
  for (const { status, code } of outcomes) {
    const word = status === 'failed' ? (code ?? status) : status
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return { kind: 'canary_unusable', asked: outcomes.length, counts: Object.fromEntries(counts) }
}

/** An answer that was or may have been paid for and cannot be used. */
function isUnusable({ billed, status }: Outcome): boolean {
  return status === 'truncated' || status === 'invalid' || (status === 'failed' && billed !== 'no')
}
