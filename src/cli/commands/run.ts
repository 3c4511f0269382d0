import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { plainLine } from '../../lib/plain-text.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { isFinished } from '../../model/run.ts'
import type { NewRunOptions } from '../../prepare/definition.ts'
import { type TakenRun, takeNewRun } from '../../prepare/start.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { exitCodeOf, reportOf } from '../../workspace/report.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { reportDocument } from '../documents/report-document.ts'
import { driveRun } from '../drive/drive-run.ts'
import { Hooks } from '../drive/hooks.ts'
import { Interruption } from '../drive/interruption.ts'
import { newRunOptions } from '../drive/new-run.ts'
import { RunEvents } from '../drive/run-events.ts'
import { addInput, addOptions } from '../flags/option-flags.ts'
import { outputPlan } from '../flags/output-flags.ts'
import { requestOf } from '../jobs/job-request.ts'
import { storedJob } from '../jobs/stored-job.ts'
import { placeFor } from '../local/place-for.ts'
import { withHome } from '../open-home.ts'
import { agreeTo, remarkOn } from '../questions/agree.ts'
import { agreeToPrompt } from '../questions/agree-to-prompt.ts'
import type { Shell } from '../shell.ts'

type RunFlags = OptionsOf<'run'>

/** `llm-batch run INPUT`: a file of prompts becomes a file of answers. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(addInput(command), 'run').action(async (inputs: readonly string[], _typed: RunFlags, self: Command) => {
    const { flags, inputPaths } = await requestOf<RunFlags>(shell, self, inputs)
    setExitCode(await run(shell, inputPaths, flags, self))
  })
}

async function run(shell: Shell, inputPaths: readonly string[], flags: RunFlags, command: Command): Promise<number> {
  assertTailWithDeadline(flags)
  const output = outputPlan(flags, {
    inputPaths,
    mustBeFile: flags.json === true || flags.wait === false || flags.detach === true,
    shell,
  })
  const interruption = new Interruption(shell, systemClock)
  try {
    return await withHome(shell, flags, async (home) => {
      const workspace = placeFor(shell, home, flags)
      const events = await RunEvents.open(shell, workspace, flags)
      const hooks = await Hooks.open(shell, workspace, events, flags)
      const made = await newRunOptions(shell, workspace.disk, { inputPaths, flags, output })
      const options = {
        ...made,
        job: storedJob(command, flags, { ...made, workingFolder: shell.machine.workingFolder }),
        takesFinished: true,
        maxCostUsd: flags.maxCost,
        agree: agreement(shell, workspace, flags),
      }
      const taken = await takeNewRun(workspace, options, (happening) => events.tell(happening))
      if (taken.isAttached) await assertTailAccepted(taken, flags)
      if (taken.isAttached && !flags.quiet) shell.tell(describeAttached(await taken.store.record(), taken))
      if (taken.areAnswersThere) return await reportDone(shell, workspace, taken, flags)
      const until = flags.wait === false ? 'submitted' : 'finished'
      return await driveRun({ shell, workspace, taken, events, hooks, interruption, flags, until, releaseHeld: false })
    })
  } finally {
    interruption.end()
  }
}

function assertTailWithDeadline({ deadline, tail }: RunFlags): void {
  if (tail === undefined || (deadline !== undefined && deadline !== 'none')) return
  throw new LlmBatchError('usage', `--tail ${tail} needs a deadline`, {
    next: 'Say when the run should be done, such as --deadline 6h.',
  })
}

/** What a tail may cost is shown when a run is made; a run that is here gets one only where that is accepted unseen. */
async function assertTailAccepted({ lock, store }: TakenRun, { tail, yes }: RunFlags): Promise<void> {
  const { deadline, id, state } = await store.record()
  if (tail === undefined || yes === true || isFinished(state) || deadline?.tail === tail) return
  lock.release()
  throw new LlmBatchError('usage', `run ${id} has the same work and no tail; nothing was sent`, {
    next: `See what it may cost with: llm-batch plan … --tail ${tail}. Accept it by the same command with --yes.`,
  })
}

/** What is said of work that is here already. */
function describeAttached({ id, output, state }: RunRecord, { areAnswersThere }: TakenRun): string {
  if (!isFinished(state)) return `Going on with run ${id}, which has the same work.`
  const done = state === 'cancelled' ? `Cancelled before, as run ${id}` : `Finished already, as run ${id}`
  const where = areAnswersThere ? 'the answers are in' : 'nothing is sent, and the answers are written to'
  const place = output.path === '-' ? 'standard output' : plainLine(output.path ?? '')
  return `${done}: ${where} ${place}. To pay for the same work once more, add --again.`
}

/** Nothing is left to do: the answers are where they should be. */
async function reportDone(shell: Shell, workspace: Workspace, taken: TakenRun, flags: RunFlags): Promise<number> {
  taken.lock.release()
  const report = await reportOf(taken.store, workspace.configuration)
  if (flags.json) await shell.printJson(await reportDocument(report, null))
  return exitCodeOf(report, flags.maxFailed ?? 0)
}

function agreement(shell: Shell, { configuration }: Workspace, flags: RunFlags): NewRunOptions['agree'] {
  const { askAboveUsd, maxCostUsd } = configuration.budget
  return async (runId, { estimate, review }) => {
    if (estimate.requests > 0) remarkOn(shell, configuration)
    await agreeToPrompt(shell, review, estimate.requests)
    await agreeTo(shell, runId, estimate, {
      isQuiet: flags.quiet === true,
      isAccepted: flags.yes === true,
      askAboveUsd,
      maxCostUsd,
      tail: flags.tail,
    })
  }
}
