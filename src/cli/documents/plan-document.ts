import { describeUnknown } from '../../output/fields.ts'
import type { PlannedRun } from '../../prepare/plan-run.ts'
import { promptOf } from '../jobs/prompt-text.ts'
import type { PlanView } from '../render/views/plan-view.ts'
import { inputWords } from '../render/words/input-words.ts'
import { dedupeHint } from '../render/words/sharing-words.ts'

/** What `plan` shows to people. */
export function planView({
  collisions,
  definition,
  firstBody,
  freeBytes,
  problems,
  review,
  summary,
  unknownColumns,
}: PlannedRun): PlanView {
  return {
    input: inputWords(definition.inputPaths, (path) => path) ?? 'rows in memory',
    summary,
    freeBytes,
    firstPrompt: firstBody === null ? null : promptOf({ body: firstBody, target: definition }),
    problems: problems.first,
    problemCount: problems.total,
    notes: [
      ...review.warnings,
      ...unknownColumns.map((column) => describeUnknown([column])),
      ...collisions.map((column) => `the input has a column with the name of an added column, ${column}: see --prefix`),
      ...[dedupeHint(summary.sharing.sharable)].filter((hint) => hint !== null),
      ...summary.advice,
      ...(summary.diskBytes > freeBytes ? ['the disk does not have enough free space for this run'] : []),
    ],
  }
}

/** The same for `--json`. */
export function planDocument(planned: PlannedRun): object {
  const { collisions, definition, firstBody, freeBytes, problems, review, summary } = planned
  return {
    version: 1,
    definition,
    ...summary,
    isPromptConstant: review.isConstant,
    advice: [...review.warnings, ...summary.advice],
    problemRows: summary.problems,
    problems: { total: problems.total, first: problems.first },
    collisions,
    freeBytes,
    firstRequest: firstBody === null ? null : (JSON.parse(firstBody) as unknown),
  }
}
