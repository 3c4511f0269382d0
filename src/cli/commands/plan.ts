import type { Command } from 'commander'
import { EXIT } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { checkOutput } from '../../output/check-output.ts'
import { describeUnknown } from '../../output/fields.ts'
import { type PlannedRun, planRun } from '../../prepare/plan-run.ts'
import { planDocument, planView } from '../documents/plan-document.ts'
import { newRunOptions } from '../drive/new-run.ts'
import { addInput, addOptions } from '../flags/option-flags.ts'
import { outputPlan } from '../flags/output-flags.ts'
import { requestOf } from '../jobs/job-request.ts'
import { findPlace } from '../open-home.ts'
import { renderPlan } from '../render/views/plan-view.ts'
import type { Shell } from '../shell.ts'

type PlanFlags = OptionsOf<'plan'>

/** `llm-batch plan INPUT`: what `run` would send, without a key and without sending anything. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(addInput(command), 'plan').action(async (inputs: readonly string[], _typed: PlanFlags, self: Command) => {
    const { flags, inputPaths } = await requestOf<PlanFlags>(shell, self, inputs)
    setExitCode(await plan(shell, inputPaths, flags))
  })
}

async function plan(shell: Shell, inputPaths: readonly string[], flags: PlanFlags): Promise<number> {
  const place = await findPlace(shell, flags)
  const output = outputPlan(flags, { inputPaths, mustBeFile: false, shell })
  if (flags.output !== undefined) await checkOutput(output, inputPaths, place.disk)
  const planned = await planRun(place, await newRunOptions(shell, place.disk, { inputPaths, flags, output }))
  if (flags.json) await shell.printJson(planDocument(planned))
  else await shell.show(renderPlan({ ...planView(planned), tail: flags.tail }, shell.outputColors))
  return conclude(shell, planned)
}

/** A plan that `run` would refuse is not a success. */
function conclude(shell: Shell, planned: PlannedRun): number {
  const { collisions, definition, problems, unknownColumns } = planned
  const isRefused =
    (problems.total > 0 && !definition.skipInvalid) || collisions.length > 0 || unknownColumns.length > 0
  if (!isRefused) return EXIT.ok
  shell.tell(`run would refuse this input: ${remedy(planned)}.`)
  return EXIT.usage
}

function remedy({ collisions, unknownColumns }: PlannedRun): string {
  if (collisions.length > 0) return 'choose another --prefix'
  if (unknownColumns.length > 0) return describeUnknown(unknownColumns)
  return 'correct the rows, or leave them out with --skip-invalid'
}
