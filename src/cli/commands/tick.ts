import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import { isFinished, type RunState } from '../../model/run.ts'
import { RunHandle } from '../../run/handle.ts'
import { takeRun } from '../../run/start.ts'
import type { Workspace } from '../../run/workspace.ts'
import type { RunRecord } from '../../store/store.ts'
import { addHookFlags, type HookFlags, type SpeechFlags } from '../drive-flags.ts'
import { exitCodeOfError } from '../exit-code.ts'
import { runHook } from '../hooks.ts'
import { Interruption } from '../interruption.ts'
import { withHome } from '../open-home.ts'
import { addSettingFlags, type SettingFlags } from '../place-flags.ts'
import { renderError } from '../render/error-view.ts'
import { doneRows } from '../render/outcome-words.ts'
import { count } from '../render/quantity.ts'
import { RunEvents } from '../run-events.ts'
import type { Shell } from '../shell.ts'

type TickFlags = SettingFlags & HookFlags & Pick<SpeechFlags, 'events' | 'quiet'>

/** What a round moves on; a held run waits for a person. */
const OPEN_STATES: readonly RunState[] = ['ready', 'running', 'paused', 'cancelling']

/** `llm-batch tick`: one round of work for all runs, for cron; no process lives in between. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addHookFlags(addSettingFlags(command))
    .option('--events <file>', 'append everything that happens to a file, as JSON lines')
    .option('--quiet', 'say nothing when all is well')
    .action(async (flags: TickFlags) => {
      setExitCode(await withHome(shell, flags, (workspace) => tick(shell, workspace, flags)))
    })
}

/** True for a run that was held by what a day may cost, once that day is over. */
async function isNewDay({ clock, store }: Workspace, { id, state }: RunRecord): Promise<boolean> {
  if (state !== 'held') return false
  const attempts = await store.read(id).currentAttempts()
  return attempts.some(
    ({ nextAt, reasonCode, stage }) => stage === 'held' && reasonCode === 'over_day_budget' && nextAt <= clock.now(),
  )
}

async function tick(shell: Shell, workspace: Workspace, flags: TickFlags): Promise<number> {
  const events = await RunEvents.open(shell, workspace, flags)
  const interruption = new Interruption(shell, systemClock)
  let code: number = EXIT.ok
  try {
    for (const run of await workspace.store.listRuns()) {
      if (!OPEN_STATES.includes(run.state) && !(await isNewDay(workspace, run))) continue
      try {
        await interruption.during('The next tick goes on.', (signal) =>
          goRound({ shell, workspace, events, flags, run, signal }),
        )
      } catch (error) {
        // The other runs must not wait because of this one.
        shell.tell(`run ${run.id}: ${renderError(error, shell.errorColors)}`)
        code = exitCodeOfError(error)
      }
      if (interruption.isStopped) return EXIT.interrupted
    }
    return code
  } finally {
    interruption.end()
    await events.flushed()
  }
}

interface Round {
  readonly shell: Shell
  readonly workspace: Workspace
  readonly events: RunEvents
  readonly flags: TickFlags
  readonly run: RunRecord
  readonly signal: AbortSignal
}

async function goRound({ events, flags, run, shell, signal, workspace }: Round): Promise<void> {
  const handle = await takeHandle(workspace, events, run.id)
  if (!handle) return
  try {
    const { report } = await handle.drive({ until: 'round', signal })
    if (!flags.quiet) tellRound(shell, report.run, doneRows(report.counts))
    await runHook(shell, flags, report.run)
  } finally {
    handle.close()
  }
}

/** Undefined where another process is working on the run. */
async function takeHandle(workspace: Workspace, events: RunEvents, id: string): Promise<RunHandle | undefined> {
  try {
    return new RunHandle(workspace, await takeRun(workspace, id), events.emitter)
  } catch (error) {
    if (LlmBatchError.isInstance(error) && error.code === 'busy') return undefined
    throw error
  }
}

function tellRound(shell: Shell, { id, output, reason, rowCount, state }: RunRecord, done: number): void {
  const why = reason === null || state === 'paused' ? '' : `: ${reason}`
  shell.tell(`Run ${id} is ${state}${why}; ${count(done)} of ${count(rowCount)} rows done.`)
  if (isFinished(state) && output.path === '-') shell.tell(`Write its answers with: llm-batch results ${id} -o OUT`)
}
