import type { AnyOptions } from '../../model/options/options.ts'
import type { OutputPlan } from '../../model/run.ts'
import { checkOutput } from '../../output/check-output.ts'
import { checkFields } from '../../output/fields.ts'
import { type TakenRun, takeRun } from '../../prepare/start.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { fieldOptions } from '../../workspace/answer-fields.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { hasOutputFlags, type OutputFlags, outputPlan, wishesOf } from '../flags/output-flags.ts'
import type { Shell } from '../shell.ts'

/** Takes up a run that is here, with the output that the flags ask for. Throws `busy` where another process drives it. */
export async function takeUp(
  shell: Shell,
  workspace: Workspace,
  run: RunRecord,
  flags: AnyOptions & { readonly mustBeFile: boolean },
): Promise<TakenRun> {
  const changed = await changedOutput(shell, workspace, run, flags)
  const taken = await takeRun(workspace, run.id, flags.maxCost)
  if (changed) await taken.store.steerRun({ output: changed })
  return taken
}

/** The output in place of the one named at the start; undefined where that one stays. */
async function changedOutput(
  shell: Shell,
  workspace: Workspace,
  { columns, definition, files, output }: RunRecord,
  flags: OutputFlags & { readonly mustBeFile: boolean },
): Promise<OutputPlan | undefined> {
  // A run begun in a pipe has nowhere to go when it is taken up elsewhere.
  const isHomeless = output.path === null || (output.path === '-' && (shell.isOutputTerminal || flags.mustBeFile))
  if (!hasOutputFlags(flags) && !isHomeless) return undefined
  const isMoved = flags.output !== undefined || isHomeless
  const plan = outputPlan(
    { ...wishesOf(output), ...flags },
    {
      inputPaths: definition.inputPaths,
      mustBeFile: flags.mustBeFile,
      shell,
    },
  )
  const merged = isMoved ? plan : { ...plan, path: output.path, format: flags.format ?? output.format }
  await checkPlan(workspace, { columns, definition, files }, merged)
  return merged
}

/** Refuses an output that could not be written in the end. */
export async function checkPlan(
  { disk }: Workspace,
  run: Pick<RunRecord, 'columns' | 'definition' | 'files'>,
  plan: OutputPlan,
): Promise<void> {
  await checkOutput(plan, run.definition.inputPaths, disk)
  checkFields(fieldOptions(plan, run.definition, run))
}
