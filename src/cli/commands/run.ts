import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { type NewRunOptions, takeNewRun } from '../../run/start.ts'
import type { Workspace } from '../../run/workspace.ts'
import { agreeTo } from '../agree.ts'
import { addBudgetFlag, type BudgetFlags } from '../budget-flag.ts'
import { addDriveFlags, type DriveFlags } from '../drive-flags.ts'
import { driveRun } from '../drive-run.ts'
import { Interruption } from '../interruption.ts'
import { newRunOptions } from '../new-run.ts'
import { withHome } from '../open-home.ts'
import { addOutputFlags, type OutputFlags, outputPlan } from '../output-flags.ts'
import { addSettingFlags, type SettingFlags } from '../place-flags.ts'
import { addRequestFlags, type RequestFlags } from '../request-flags.ts'
import { RunEvents } from '../run-events.ts'
import { addSharingFlags, type SharingFlags } from '../sharing-flags.ts'
import type { Shell } from '../shell.ts'

interface RunFlags extends RequestFlags, SharingFlags, OutputFlags, DriveFlags, SettingFlags, BudgetFlags {
  readonly name?: string | undefined
  readonly again?: boolean | undefined
  readonly yes?: boolean | undefined
}

/** `llm-batch run INPUT`: a file of prompts becomes a file of answers. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOutputFlags(addSharingFlags(addRequestFlags(command)))
    .option('--name <name>', 'the same name with the same work goes on with that run')
    .option('--again', 'buy the same work once more')
    .option('-y, --yes', 'accept the estimate')
  addSettingFlags(addDriveFlags(addBudgetFlag(command))).action(async (inputPath: string, flags: RunFlags) => {
    setExitCode(await run(shell, inputPath, flags))
  })
}

async function run(shell: Shell, inputPath: string, flags: RunFlags): Promise<number> {
  const output = outputPlan(flags, { inputPath, mustBeFile: flags.json === true || !flags.wait, shell })
  const interruption = new Interruption(shell, systemClock)
  try {
    return await withHome(shell, flags, async (workspace) => {
      const events = await RunEvents.open(shell, workspace, flags)
      const options = {
        ...(await newRunOptions(shell, workspace.disk, { inputPath, flags, output })),
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
  return (runId, estimate) =>
    agreeTo(shell, runId, estimate, {
      isQuiet: flags.quiet === true,
      isAccepted: flags.yes === true,
      askAboveUsd,
      maxCostUsd,
    })
}
