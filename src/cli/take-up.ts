import { LlmBatchError } from '../model/error.ts'
import type { OutputPlan } from '../model/run.ts'
import { findCollisions } from '../output/answer-columns.ts'
import { checkOutput } from '../output/check-output.ts'
import { type TakenRun, takeRun } from '../run/start.ts'
import type { Workspace } from '../run/workspace.ts'
import type { RunRecord } from '../store/store.ts'
import type { BudgetFlags } from './budget-flag.ts'
import { hasOutputFlags, type OutputFlags, outputPlan } from './output-flags.ts'
import type { Shell } from './shell.ts'

/** Takes up a run that is here, with the output that the flags ask for. Throws `busy` where another process drives it. */
export async function takeUp(
  shell: Shell,
  workspace: Workspace,
  run: RunRecord,
  flags: OutputFlags & BudgetFlags & { readonly mustBeFile: boolean },
): Promise<TakenRun> {
  const changed = await changedOutput(shell, workspace, run, flags)
  const taken = await takeRun(workspace, run.id, flags.maxCost)
  if (changed) await taken.store.steerRun(changed)
  return taken
}

/** The output in place of the one named at the start; undefined where that one stays. */
async function changedOutput(
  shell: Shell,
  workspace: Workspace,
  { columns, definition, output }: RunRecord,
  flags: OutputFlags & { readonly mustBeFile: boolean },
): Promise<OutputPlan | undefined> {
  // A run begun in a pipe has nowhere to go when it is taken up elsewhere.
  const isHomeless = output.path === null || (output.path === '-' && (shell.isOutputTerminal || flags.mustBeFile))
  if (!hasOutputFlags(flags) && !isHomeless) return undefined
  const isMoved = flags.output !== undefined || isHomeless
  const plan = outputPlan(
    { prefix: output.prefix, excelSafe: output.excelSafe, ...flags },
    {
      inputPath: definition.inputPath,
      mustBeFile: flags.mustBeFile,
      shell,
    },
  )
  const merged = isMoved ? plan : { ...plan, path: output.path, format: flags.format ?? output.format }
  await checkPlan(workspace, { columns, definition }, merged)
  return merged
}

/** Refuses an output that could not be written in the end. */
export async function checkPlan(
  { disk }: Workspace,
  { columns, definition }: Pick<RunRecord, 'columns' | 'definition'>,
  plan: OutputPlan,
): Promise<void> {
  await checkOutput(plan, definition.inputPath, disk)
  const collisions = findCollisions(columns, plan.prefix)
  if (collisions.length === 0) return
  throw new LlmBatchError('usage', `the input has columns named like ours: ${collisions.join(', ')}`, {
    next: 'Choose another beginning for ours with --prefix.',
  })
}
