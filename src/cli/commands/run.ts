import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import type { NewRunOptions } from '../../run/definition.ts'
import { takeNewRun } from '../../run/start.ts'
import type { Workspace } from '../../run/workspace.ts'
import { agreeTo } from '../agree.ts'
import { agreeToPrompt } from '../agree-to-prompt.ts'
import { driveRun } from '../drive-run.ts'
import { Interruption } from '../interruption.ts'
import { requestOf } from '../job-request.ts'
import { newRunOptions } from '../new-run.ts'
import { withHome } from '../open-home.ts'
import { outputPlan } from '../output-flags.ts'
import { RunEvents } from '../run-events.ts'
import { addRunFlags, type RunFlags } from '../run-flags.ts'
import type { Shell } from '../shell.ts'
import { storedJob } from '../stored-job.ts'

/** `llm-batch run INPUT`: a file of prompts becomes a file of answers. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addRunFlags(command).action(async (inputs: readonly string[], _typed: RunFlags, self: Command) => {
    const { flags, inputPaths } = await requestOf<RunFlags>(shell, self, inputs)
    setExitCode(await run(shell, inputPaths, flags, self))
  })
}

async function run(shell: Shell, inputPaths: readonly string[], flags: RunFlags, command: Command): Promise<number> {
  const output = outputPlan(flags, { inputPaths, mustBeFile: flags.json === true || !flags.wait, shell })
  const interruption = new Interruption(shell, systemClock)
  try {
    return await withHome(shell, flags, async (workspace) => {
      const events = await RunEvents.open(shell, workspace, flags)
      const made = await newRunOptions(shell, workspace.disk, { inputPaths, flags, output })
      const options = {
        ...made,
        job: storedJob(command, flags, { ...made, workingFolder: shell.machine.workingFolder }),
        maxCostUsd: flags.maxCost,
        agree: agreement(shell, workspace, flags),
      }
      const taken = await takeNewRun(workspace, options, (event) => events.emitter.emit('event', event))
      if (taken.isAttached && !flags.quiet) shell.tell(`Going on with run ${taken.store.id}, which is the same work.`)
      const until = flags.wait ? 'finished' : 'submitted'
      return await driveRun({ shell, workspace, taken, events, interruption, flags, until, releaseHeld: false })
    })
  } finally {
    interruption.end()
  }
}

function agreement(shell: Shell, { configuration: { budget } }: Workspace, flags: RunFlags): NewRunOptions['agree'] {
  const { askAboveUsd, maxCostUsd } = budget
  return async (runId, { estimate, review }) => {
    await agreeToPrompt(shell, review, estimate.requests)
    await agreeTo(shell, runId, estimate, {
      isQuiet: flags.quiet === true,
      isAccepted: flags.yes === true,
      askAboveUsd,
      maxCostUsd,
    })
  }
}
