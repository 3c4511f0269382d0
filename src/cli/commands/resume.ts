import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { driveRun } from '../drive/drive-run.ts'
import { Interruption } from '../drive/interruption.ts'
import { RunEvents } from '../drive/run-events.ts'
import { takeUp } from '../drive/take-up.ts'
import { addBudgetFlag, type BudgetFlags } from '../flags/budget-flag.ts'
import { addDriveFlags, type DriveFlags } from '../flags/drive-flags.ts'
import { addOutputFlags, type OutputFlags } from '../flags/output-flags.ts'
import { addSettingFlags, type SettingFlags } from '../flags/place-flags.ts'
import { withHome } from '../open-home.ts'
import { chooseRun } from '../questions/choose-run.ts'
import type { Shell } from '../shell.ts'

interface ResumeFlags extends DriveFlags, OutputFlags, SettingFlags, BudgetFlags {
  readonly yes?: boolean | undefined
}

/** `llm-batch resume [RUN]`: goes on after a stop, a crash, a reboot, or a hold that was cleared. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOutputFlags(command.argument('[run]', 'an id, the beginning of one, a name, or last'))
  command
    .option('--again', 'send the work although another home has sent the same')
    .option('-y, --yes', 'as in other commands; resume asks about no cost, so it changes nothing')
  addSettingFlags(addDriveFlags(addBudgetFlag(command))).action(
    async (wanted: string | undefined, flags: ResumeFlags) => {
      setExitCode(await resume(shell, wanted, flags))
    },
  )
}

async function resume(shell: Shell, wanted: string | undefined, flags: ResumeFlags): Promise<number> {
  const interruption = new Interruption(shell, systemClock)
  try {
    return await withHome(shell, flags, async (workspace) => {
      const events = await RunEvents.open(shell, workspace, flags)
      const run = await chooseRun(shell, workspace, wanted)
      const mustBeFile = flags.json === true || !flags.wait
      const taken = await takeUp(shell, workspace, run, { ...flags, mustBeFile })
      const until = flags.wait ? 'finished' : 'submitted'
      return await driveRun({ shell, workspace, taken, events, interruption, flags, until, releaseHeld: true })
    })
  } finally {
    interruption.end()
  }
}
