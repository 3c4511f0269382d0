import type { OutputPlan, RunDefinition } from '../model/run.ts'
import { answerShapeOf } from '../output/answer-shape.ts'
import type { FieldOptions } from '../output/fields.ts'
import type { RunRecord } from '../store/port/run.ts'

/** What the columns of an answers file follow from. */
export function fieldOptions(
  plan: OutputPlan,
  definition: RunDefinition,
  { columns, files }: Pick<RunRecord, 'columns' | 'files'>,
): FieldOptions {
  return {
    plan,
    format: plan.format,
    shape: answerShapeOf(definition),
    columns,
    hasSources: files.length > 0,
    hasTurns: definition.maxReasks > 0,
  }
}
