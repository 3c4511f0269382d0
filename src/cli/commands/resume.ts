import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { driveRun } from '../drive/drive-run.ts'
import { Hooks } from '../drive/hooks.ts'
import { Interruption } from '../drive/interruption.ts'
import { RunEvents } from '../drive/run-events.ts'
import { takeUp } from '../drive/take-up.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { chooseRun } from '../questions/choose-run.ts'
import type { Shell } from '../shell.ts'

type ResumeFlags = OptionsOf<'resume'>

/** `llm-batch resume [RUN]`: goes on after a stop, a crash, a reboot, or a hold that was cleared. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command.argument('[run]', 'an id, the beginning of one, a name, or last'), 'resume').action(
    async (wanted: string | undefined, flags: ResumeFlags) => {
      setExitCode(await resume(shell, wanted, flags))
    },
  )
}

async function resume(shell: Shell, wanted: string | undefined, flags: ResumeFlags): Promise<number> {
  assertKept(flags)
  const interruption = new Interruption(shell, systemClock)
  try {
    return await withHome(shell, flags, async (workspace) => {
      const events = await RunEvents.open(shell, workspace, flags)
      const hooks = await Hooks.open(shell, workspace, events, flags)
      const run = await chooseRun(shell, workspace, wanted)
      const mustBeFile = flags.json === true || flags.wait === false || flags.detach === true
      const taken = await takeUp(shell, workspace, run, { ...flags, mustBeFile })
      const until = flags.wait === false ? 'submitted' : 'finished'
      return await driveRun({ shell, workspace, taken, events, hooks, interruption, flags, until, releaseHeld: true })
    })
  } finally {
    interruption.end()
  }
}

/** What another home has sent is looked for by the process that sends; a worker is not told to leave that out. */
function assertKept({ again, detach }: ResumeFlags): void {
  if (!again || !detach) return
  throw new LlmBatchError('usage', '--again cannot be left to a worker, which looks before it sends', {
    next: 'Leave --detach out; --no-wait sends the batches and exits.',
  })
}
