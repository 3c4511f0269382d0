import { isDeepStrictEqual } from 'node:util'
import type { Disk } from '../lib/disk.ts'
import { isFinished, type OutputPlan } from '../model/run.ts'
import { hasTable } from '../output/check-output.ts'
import { readSummaryMarks, type SummaryMarks, summaryMarks } from '../output/run-summary.ts'
import type { RunRecord } from '../store/port/run.ts'

/**
 * The finished run whose answers lie whole at the place that a plan names, as that plan wants them: known by the summary
 * beside them, or, where the user has removed that, by what the run was told. `planFor` is the plan as a run would have
 * kept it for its input, where that differs. Undefined where there is none.
 */
export async function findWrittenRun(
  disk: Disk,
  runs: readonly RunRecord[],
  plan: OutputPlan,
  planFor: (run: RunRecord) => OutputPlan,
): Promise<RunRecord | undefined> {
  const { failedPath, format, path, tableName } = plan
  if (path === null || path === '-' || (await disk.size(path)) === undefined) return undefined
  if (format === 'sqlite' && !(await hasTable(path, tableName))) return undefined
  if (failedPath !== null && (await disk.size(failedPath)) === undefined) return undefined
  const marks = await readSummaryMarks(path, plan, disk)
  return runs.find(
    (run) => isFinished(run.state) && (isWritten(run, plan, marks) || isWritten(run, planFor(run), marks)),
  )
}

function isWritten(run: RunRecord, plan: OutputPlan, marks: SummaryMarks | undefined): boolean {
  if (marks !== undefined) return marks === summaryMarks({ ...run, output: plan })
  return isDeepStrictEqual({ ...run.output, force: false }, { ...plan, force: false })
}
