import type { Command } from 'commander'
import { EXIT } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { checkOutput } from '../../output/check-output.ts'
import { describeUnknown } from '../../output/fields.ts'
import { describeFitness, isUnfit } from '../../plan/model-fitness.ts'
import { type PlannedRun, planRun } from '../../prepare/plan-run.ts'
import { planDocument, planView } from '../documents/plan-document.ts'
import { newRunOptions } from '../drive/new-run.ts'
import { addInput, addOptions } from '../flags/option-flags.ts'
import { outputPlan } from '../flags/output-flags.ts'
import { requestOf } from '../jobs/job-request.ts'
import { placeFor } from '../local/place-for.ts'
import { findPlace } from '../open-home.ts'
import { renderPlan } from '../render/views/plan-view.ts'
import type { Shell } from '../shell.ts'

type PlanFlags = OptionsOf<'plan'>

/** `llm-batch plan INPUT`: what `run` would send, without sending any of it; needs no key. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(addInput(command), 'plan').action(async (inputs: readonly string[], _typed: PlanFlags, self: Command) => {
    const { flags, inputPaths } = await requestOf<PlanFlags>(shell, self, inputs)
    setExitCode(await plan(shell, inputPaths, flags))
  })
}

async function plan(shell: Shell, inputPaths: readonly string[], flags: PlanFlags): Promise<number> {
  const place = placeFor(shell, await findPlace(shell, flags), flags)
  const output = outputPlan(flags, { inputPaths, mustBeFile: false, shell })
  if (flags.output !== undefined) await checkOutput(output, inputPaths, place.disk)
  const planned = await planRun(place, await newRunOptions(shell, place.disk, { inputPaths, flags, output }))
  if (flags.json) await shell.printJson(planDocument(planned))
  else {
    const view = { ...planView(planned, place.clock.now()), tail: flags.tail }
    await shell.show(renderPlan(view, shell.outputColors))
  }
  return conclude(shell, planned, { isForced: flags.forceModel ?? false, now: place.clock.now() })
}

/** A plan that `run` would refuse is not a success. */
function conclude(shell: Shell, planned: PlannedRun, models: ModelChoice): number {
  const { collisions, definition, problems, tableFlaw, unknownColumns } = planned
  const hasProblems = problems.total > 0 && !definition.skipInvalid
  const isRefused = hasProblems || collisions.length > 0 || unknownColumns.length > 0 || tableFlaw !== null
  if (isRefused) shell.tell(`run would refuse this input: ${remedy(planned)}.`)
  const refusal = models.isForced ? null : refusedModel(planned, models.now)
  if (refusal !== null) shell.tell(`run would refuse this model: ${refusal}. Choose another one, or add --force-model.`)
  return isRefused || refusal !== null ? EXIT.usage : EXIT.ok
}

/** The will of the user to send to unfit models, and the present instant in epoch milliseconds. */
interface ModelChoice {
  readonly isForced: boolean
  readonly now: number
}

function refusedModel({ models }: PlannedRun, now: number): string | null {
  const unfit = models.find(isUnfit)
  return unfit === undefined ? null : describeFitness(unfit, now)
}

function remedy({ collisions, tableFlaw, unknownColumns }: PlannedRun): string {
  if (collisions.length > 0) return 'choose another --prefix'
  if (unknownColumns.length > 0) return describeUnknown(unknownColumns)
  if (tableFlaw !== null) return `${tableFlaw}; choose columns with --columns, or write another format`
  return 'correct the rows, or leave them out with --skip-invalid'
}
