import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { RunHandle } from '../../library/handle.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import { inFlags } from '../../model/options/mention.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { isFinished } from '../../model/run.ts'
import { takeRun } from '../../prepare/start.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { reportOf } from '../../workspace/report.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { Hooks } from '../drive/hooks.ts'
import { Interruption } from '../drive/interruption.ts'
import { RunEvents } from '../drive/run-events.ts'
import { asKnownError } from '../exit-code.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { exitCodeOfTick, needsPerson, renderTicked, type TickedRun, tickedDocument } from '../render/views/tick-view.ts'
import type { Shell } from '../shell.ts'

type TickFlags = OptionsOf<'tick'>

/** `llm-batch tick`: one round of work for all runs, for cron; no process lives in between. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'tick').action(async (flags: TickFlags) => {
    setExitCode(await withHome(shell, flags, (workspace) => tick(shell, workspace, flags)))
  })
}

/** Takes every unfinished run one round further; a held one is only named. The exit code tells how all of them stand. */
async function tick(shell: Shell, workspace: Workspace, flags: TickFlags): Promise<number> {
  const events = await RunEvents.open(shell, workspace, { events: flags.events, namesRuns: true })
  const hooks = await Hooks.open(shell, workspace, events, flags)
  const interruption = new Interruption(shell, systemClock)
  const ticked: TickedRun[] = []
  try {
    for (const run of await workspace.store.listRuns()) {
      if (run.state === 'preparing' || isFinished(run.state)) continue
      const one = await tickRun({ workspace, events, hooks, interruption, run })
      if (interruption.isStopped) return EXIT.interrupted
      ticked.push(one)
      if (!flags.quiet || needsPerson(one)) shell.tell(renderTicked(one, shell.errorColors))
    }
    if (flags.json) await shell.printJson({ version: 1, runs: ticked.map(tickedDocument) })
    return exitCodeOfTick(ticked)
  } finally {
    interruption.end()
    await hooks.settled(interruption)
    await events.flushed()
  }
}

interface Round {
  readonly workspace: Workspace
  readonly events: RunEvents
  readonly hooks: Hooks
  readonly interruption: Interruption
  readonly run: RunRecord
}

/** One run a round further, and where it stands then. Never throws: the other runs must not wait because of this one. */
async function tickRun(round: Round): Promise<TickedRun> {
  const { interruption, run, workspace } = round
  let isElsewhere = false
  let error: unknown = null
  try {
    if (run.state !== 'held' || (await isNewDay(workspace, run))) {
      isElsewhere = await interruption.during('The next tick goes on from here.', (signal) => goRound(round, signal))
    }
  } catch (thrown) {
    error = asKnownError(thrown)
  }
  return { ...(await reportOf(workspace.store.read(run.id), workspace.configuration)), isElsewhere, error }
}

/** True for a run that was held by what a day may cost, once that day is over. */
async function isNewDay({ clock, store }: Workspace, { id }: RunRecord): Promise<boolean> {
  const attempts = await store.read(id).unfinishedAttempts()
  return attempts.some(
    ({ nextAt, reasonCode, stage }) => stage === 'held' && reasonCode === 'over_day_budget' && nextAt <= clock.now(),
  )
}

/** Returns true where another process is working on the run, which is left to that one. */
async function goRound({ events, hooks, run, workspace }: Round, signal: AbortSignal): Promise<boolean> {
  const handle = await takeHandle(workspace, events, run.id)
  if (!handle) return true
  try {
    const { report } = await handle.drive({ until: 'round', signal })
    await hooks.tell(report)
    return false
  } finally {
    handle.close()
  }
}

/** Undefined where another process is working on the run. */
async function takeHandle(workspace: Workspace, events: RunEvents, id: string): Promise<RunHandle | undefined> {
  try {
    return new RunHandle(workspace, await takeRun(workspace, id), events.emitter, inFlags)
  } catch (error) {
    if (LlmBatchError.isInstance(error) && error.code === 'busy') return undefined
    throw error
  }
}
