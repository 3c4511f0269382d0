import { factsOf } from '../providers/known.ts'

/** Source of an expected length. */
export type LengthBasis = 'this_run' | 'earlier_runs' | 'assumed'

/** Tokens that an answer is expected to have, the model's own thoughts included. */
export interface AnswerLength {
  readonly tokens: number
  readonly basis: LengthBasis
}

/** Answers whose tokens were told, added up. */
export interface AnswersSeen {
  readonly answers: number
  readonly completionTokens: number
}

/** Fewer answers than these show nothing. */
const LEAST_ANSWERS = 5

/** A few paragraphs; an assumption of ours. */
const ASSUMED_TOKENS = 400

/** What models that think before they answer are assumed to need; an assumption of ours too. */
const ASSUMED_REASONING_TOKENS = 1_500

/** The mean of this run's answers, else of earlier answers of the model in the home, else an assumption. */
export function expectedAnswer(
  model: { readonly provider: string; readonly model: string },
  seen: { readonly thisRun: AnswersSeen | null; readonly earlier: AnswersSeen | null },
): AnswerLength {
  const thisRun = mean(seen.thisRun)
  if (thisRun !== null) return { tokens: thisRun, basis: 'this_run' }
  const earlier = mean(seen.earlier)
  if (earlier !== null) return { tokens: earlier, basis: 'earlier_runs' }
  const tokens = factsOf(model.provider).isReasoningModel(model.model) ? ASSUMED_REASONING_TOKENS : ASSUMED_TOKENS
  return { tokens, basis: 'assumed' }
}

function mean(seen: AnswersSeen | null): number | null {
  return seen && seen.answers >= LEAST_ANSWERS ? Math.ceil(seen.completionTokens / seen.answers) : null
}

/** The basis in words: `400 tokens an answer BASIS`. */
export const BASIS_WORDS: Readonly<Record<LengthBasis, string>> = {
  this_run: "as in this run's answers",
  earlier_runs: 'as in earlier answers of this model here',
  assumed: 'assumed, because this home has no answers of the model yet',
}
