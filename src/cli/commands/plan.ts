import type { Command } from 'commander'
import { EXIT } from '../../model/error.ts'
import { checkOutput } from '../../output/check-output.ts'
import { type PlannedRun, planRun } from '../../run/plan-run.ts'
import { addBudgetFlag, type BudgetFlags } from '../budget-flag.ts'
import { newRunOptions } from '../new-run.ts'
import { findPlace } from '../open-home.ts'
import { addOutputFlags, type OutputFlags, outputPlan } from '../output-flags.ts'
import { addSettingFlags, type SettingFlags } from '../place-flags.ts'
import { planDocument, planView } from '../plan-document.ts'
import { renderPlan } from '../render/plan-view.ts'
import { addRequestFlags, type RequestFlags } from '../request-flags.ts'
import type { Shell } from '../shell.ts'

interface PlanFlags extends RequestFlags, OutputFlags, SettingFlags, BudgetFlags {
  readonly json?: boolean | undefined
}

/** `llm-batch plan INPUT`: what `run` would send, without a key and without sending anything. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addSettingFlags(addBudgetFlag(addOutputFlags(addRequestFlags(command))))
    .option('--no-canary', 'as run without asking a few rows directly first')
    .option('--json', 'as JSON on standard output')
    .action(async (inputPath: string, flags: PlanFlags) => {
      setExitCode(await plan(shell, inputPath, flags))
    })
}

async function plan(shell: Shell, inputPath: string, flags: PlanFlags): Promise<number> {
  const place = await findPlace(shell, flags)
  const output = outputPlan(flags, { inputPath, mustBeFile: false, shell })
  if (flags.output !== undefined) await checkOutput(output, inputPath, place.disk)
  const planned = await planRun(place, await newRunOptions(shell, place.disk, { inputPath, flags, output }))
  if (flags.json) await shell.printJson(planDocument(planned))
  else await shell.show(renderPlan(planView(planned), shell.outputColors))
  return conclude(shell, planned)
}

/** A plan that `run` would refuse is no success. */
function conclude(shell: Shell, { collisions, definition, problems }: PlannedRun): number {
  const isRefused = (problems.total > 0 && !definition.skipInvalid) || collisions.length > 0
  if (!isRefused) return EXIT.ok
  const next =
    collisions.length > 0 ? 'choose another --prefix' : 'correct the rows, or leave them out with --skip-invalid'
  shell.tell(`run would refuse this input: ${next}.`)
  return EXIT.usage
}
