import type { Outcome } from '../model/outcome.ts'
import type { AnswerCheck } from '../schema/check-answer.ts'

/**
 * The outcome of an answer that was checked: `invalid`, billed as it was, where it does not fit, and a success with the
 * code of what had to be overlooked. Whatever else the outcome is, there is no answer to check.
 */
export function judgeAnswer(outcome: Outcome, check: AnswerCheck | null): Outcome | Promise<Outcome> {
  if (check === null || outcome.status !== 'succeeded' || outcome.output === null) return outcome
  const checked = check(outcome.output)
  return checked instanceof Promise ? checked.then((one) => judged(outcome, one)) : judged(outcome, checked)
}

function judged(outcome: Outcome, checked: Awaited<ReturnType<AnswerCheck>>): Outcome {
  if (checked.isValid) return checked.note === null ? outcome : { ...outcome, code: checked.note }
  return { ...outcome, status: 'invalid', code: checked.code, reason: checked.message }
}
