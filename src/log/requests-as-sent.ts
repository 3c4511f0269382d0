import type { Outcome } from '../model/outcome.ts'
import type { RunDefinition } from '../model/run.ts'

/** The beginning of a list of vectors, verdicts or packed vectors, as opposed to one vector. */
const LIST = /^\[[[{"]/

/**
 * Makes the answer to a list of one text a list too. The provider's answer does not tell whether it was asked with a text
 * or with a list of one, and a column of lists must be answered with lists.
 */
export function asAsked({ hasTextLists }: Pick<RunDefinition, 'hasTextLists'>, outcome: Outcome): Outcome {
  const { isJson, output } = outcome
  if (!hasTextLists || !isJson || output === null || LIST.test(output)) return outcome
  return { ...outcome, output: `[${output}]` }
}
