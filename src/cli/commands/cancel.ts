import type { Command } from 'commander'
import { assertCancellable } from '../../drive/cancel.ts'
import { systemClock } from '../../lib/clock.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { isFinished } from '../../model/run.ts'
import { type TakenRun, takeRun } from '../../prepare/start.ts'
import type { RunStore } from '../../store/store.ts'
import { progressOf } from '../../workspace/progress.ts'
import { exitCodeOf, reportOf } from '../../workspace/report.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { reportDocument } from '../documents/report-document.ts'
import { driveRun } from '../drive/drive-run.ts'
import { Hooks } from '../drive/hooks.ts'
import { Interruption } from '../drive/interruption.ts'
import { RunEvents } from '../drive/run-events.ts'
import { RunProgress } from '../drive/run-progress.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { chooseRun } from '../questions/choose-run.ts'
import { tellReason } from '../render/words/reason-words.ts'
import type { Shell } from '../shell.ts'

type CancelFlags = OptionsOf<'cancel'>

/** Between two looks at a run that another process is cancelling for us. */
const LOOK_MS = 500

/** `llm-batch cancel RUN`: cancels at the provider, waits, and keeps what was finished. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  command.argument('<run>', 'an id, the beginning of one, a name, or last')
  addOptions(command, 'cancel').action(async (wanted: string, flags: CancelFlags) => {
    const interruption = new Interruption(shell, systemClock)
    try {
      setExitCode(await withHome(shell, flags, (place) => cancel(shell, place, wanted, flags, interruption)))
    } finally {
      interruption.end()
    }
  })
}

async function cancel(
  shell: Shell,
  workspace: Workspace,
  wanted: string,
  flags: CancelFlags,
  interruption: Interruption,
): Promise<number> {
  const events = await RunEvents.open(shell, workspace, flags)
  const hooks = await Hooks.open(shell, workspace, events, {})
  const run = await chooseRun(shell, workspace, wanted)
  assertCancellable(run.state, run.id)
  await workspace.store.requestCancel(run.id)
  const taken = await takeOrWatch(shell, workspace, run.id, flags, interruption)
  if (taken === 'stopped') return EXIT.interrupted
  const store = workspace.store.read(run.id)
  const code = taken
    ? await driveRun({
        shell,
        workspace,
        taken,
        events,
        hooks,
        interruption,
        flags: { ...flags, wait: true },
        until: 'finished',
        releaseHeld: false,
      })
    : await reportWatched(shell, workspace, store, flags)
  // Rows that did not succeed are what was asked for.
  return (await store.record()).state === 'cancelled' ? EXIT.ok : code
}

/** The run, as soon as no other process drives it; undefined when the other process has finished it meanwhile. */
async function takeOrWatch(
  shell: Shell,
  workspace: Workspace,
  id: string,
  flags: CancelFlags,
  interruption: Interruption,
): Promise<TakenRun | 'stopped' | undefined> {
  const first = await tryTake(workspace, id)
  if (first) return first
  const store = workspace.store.read(id)
  shell.tell(`Another process is working on run ${id}; it was asked to cancel the run.`)
  const progress = flags.quiet
    ? undefined
    : new RunProgress(shell, workspace.clock, () => progressOf(store, tellReason))
  try {
    return await interruption.during(
      `The other process still cancels the run; look with: llm-batch status ${id}`,
      async (signal) => {
        while (!signal.aborted) {
          if (isFinished((await store.record()).state)) return undefined
          const taken = await tryTake(workspace, id)
          if (taken) return taken
          await workspace.clock.sleep(LOOK_MS, signal)
        }
        return 'stopped'
      },
    )
  } finally {
    await progress?.stop()
  }
}

async function tryTake(workspace: Workspace, id: string): Promise<TakenRun | undefined> {
  try {
    return await takeRun(workspace, id)
  } catch (error) {
    if (LlmBatchError.isInstance(error) && error.code === 'busy') return undefined
    throw error
  }
}

async function reportWatched(
  shell: Shell,
  { configuration }: Workspace,
  store: RunStore,
  flags: CancelFlags,
): Promise<number> {
  const report = await reportOf(store, configuration)
  if (flags.json) await shell.printJson(await reportDocument(report, null))
  else if (!flags.quiet) shell.tell(`Run ${store.id} is ${report.run.state}.`)
  return exitCodeOf(report, 0)
}
