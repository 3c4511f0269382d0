import { describeUnknown } from '../../output/fields.ts'
import { describeFitness } from '../../plan/model-fitness.ts'
import type { PlannedRun } from '../../prepare/plan-run.ts'
import { promptOf } from '../jobs/prompt-text.ts'
import type { PlanView } from '../render/views/plan-view.ts'
import { inputWords } from '../render/words/input-words.ts'
import { dedupeHint } from '../render/words/sharing-words.ts'

/** What `plan` shows to people; `now` is in epoch milliseconds. */
export function planView(planned: PlannedRun, now: number): PlanView {
  const { collisions, definition, firstBody, freeBytes, models, problems, review, summary, unknownColumns } = planned
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
      ...models.map((model) => describeFitness(model, now)).filter((note) => note !== null),
      ...summary.advice,
      ...(summary.diskBytes > freeBytes ? ['the disk does not have enough free space for this run'] : []),
    ],
  }
}

/** The same for `--json`. */
export function planDocument(planned: PlannedRun): object {
  const { collisions, definition, firstBody, freeBytes, models, problems, review, summary } = planned
  return {
    version: 1,
    definition,
    ...summary,
    models,
    isPromptConstant: review.isConstant,
    advice: [...review.warnings, ...summary.advice],
    problemRows: summary.problems,
    problems: { total: problems.total, first: problems.first },
    collisions,
    freeBytes,
    firstRequest: firstBody === null ? null : (JSON.parse(firstBody) as unknown),
  }
}
