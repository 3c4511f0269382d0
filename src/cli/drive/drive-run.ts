import type { Until } from '../../drive/loop.ts'
import { type Driven, RunHandle } from '../../library/handle.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import { inFlags } from '../../model/options/mention.ts'
import type { AnyOptions } from '../../model/options/options.ts'
import { isFinished } from '../../model/run.ts'
import type { TextSink } from '../../output/destination.ts'
import type { TakenRun } from '../../prepare/start.ts'
import { ProviderError } from '../../providers/provider.ts'
import { exitCodeOf } from '../../workspace/report.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { reportDocument } from '../documents/report-document.ts'
import type { ServedRun } from '../local/serve-run.ts'
import { nextSteps } from '../render/views/next-command.ts'
import { renderReport } from '../render/views/report.ts'
import { tellReason } from '../render/words/reason-words.ts'
import type { Shell } from '../shell.ts'
import type { Hooks } from './hooks.ts'
import type { Interruption } from './interruption.ts'
import { leaveToWorkers } from './leave-to-workers.ts'
import type { RunEvents } from './run-events.ts'
import { RunProgress } from './run-progress.ts'

/** Options of driving a run from the command. */
export interface DriveRun {
  readonly shell: Shell
  readonly workspace: Workspace
  readonly taken: TakenRun
  readonly events: RunEvents
  readonly hooks: Hooks
  readonly interruption: Interruption
  readonly flags: AnyOptions
  readonly until: Until
  readonly releaseHeld: boolean
}

/**
 * Drives a run that was taken up, or leaves it to workers where that is wished, shows how it goes, reports, and returns the
 * exit code. Lets go of the run.
 */
export async function driveRun(options: DriveRun): Promise<number> {
  const { events, hooks, interruption } = options
  const served = await servedRun(options)
  try {
    return await driveServed({ ...options, workspace: served.workspace }, served)
  } finally {
    // The run is let go of by now, so that nothing waits for an address that does not answer.
    await hooks.settled(interruption)
    await events.flushed()
  }
}

/** Lets go of a run whose server does not start. */
async function servedRun({ flags, shell, taken, workspace }: DriveRun): Promise<ServedRun> {
  try {
    const run = await taken.store.record()
    if (run.definition.local === undefined) return { workspace, close: async () => undefined }
    // Only such a run needs the server, and what that needs.
    const { serveRun } = await import('../local/serve-run.ts')
    return await serveRun(shell, workspace, run, flags)
  } catch (error) {
    taken.lock.release()
    throw error
  }
}

async function driveServed(options: DriveRun, served: ServedRun): Promise<number> {
  const { events, flags, interruption, shell, taken, workspace } = options
  // Of a finished run only the answers are left to write, which no worker does.
  if (flags.detach && !isFinished((await taken.store.record()).state)) return await leaveToWorkers(options)
  const handle = new RunHandle(workspace, taken, events.emitter, inFlags)
  const progress = flags.quiet ? undefined : new RunProgress(shell, workspace.clock, () => handle.progress())
  try {
    const driven = await interruption.during(`Go on with: llm-batch resume ${handle.id}`, (signal) =>
      handle.drive({
        until: options.until,
        releaseHeld: options.releaseHeld,
        onUnknownCreate: flags.onUnknownCreate,
        again: flags.again,
        forceModel: flags.forceModel,
        ignoreStopLoss: flags.ignoreStopLoss,
        deadline: flags.deadline,
        tail: flags.tail,
        priority: flags.priority,
        signal,
        sink: outputSink(shell, handle.id, progress),
      }),
    )
    await progress?.stop()
    return await conclude(options, driven)
  } catch (error) {
    if (!interruption.isStopped || !isBrokenOff(error)) throw error
    shell.tell(`Interrupted. Go on with: llm-batch resume ${handle.id}`)
    return EXIT.interrupted
  } finally {
    // After a failure the panel must not stay; what failed is thrown, not what showing it met.
    await progress?.stop().catch(() => undefined)
    await events.flushed()
    // The next driver may start a server on the same files as soon as the run is let go of.
    await served.close().finally(() => handle.close())
  }
}

/** A call that was under way when the user stopped the program. */
function isBrokenOff(error: unknown): boolean {
  return error instanceof ProviderError || (error instanceof Error && error.name === 'AbortError')
}

/** Standard output for answers; in a terminal the panel goes first. */
function outputSink(shell: Shell, runId: string, progress: RunProgress | undefined): TextSink {
  return {
    write: async (text) => {
      await progress?.stop()
      try {
        await shell.printData(text)
      } catch (error) {
        throw new LlmBatchError('disk', 'standard output was closed before all answers were written', {
          next: `They are kept; write them with: llm-batch results ${runId} -o OUT`,
          cause: error,
        })
      }
    },
  }
}

async function conclude({ flags, hooks, interruption, shell, workspace }: DriveRun, driven: Driven): Promise<number> {
  const { answers, report } = driven
  const { run } = report
  await hooks.tell(report)
  if (flags.json) await shell.printJson(await reportDocument(report, answers))
  const code =
    interruption.isStopped && !isFinished(run.state) && run.state !== 'held'
      ? EXIT.interrupted
      : exitCodeOf(report, flags.maxFailed ?? 0)
  if (!flags.quiet) {
    const places = {
      answers,
      isExcelSafe: run.output.excelSafe,
      runFolder: workspace.folderOf(run.id).path,
      now: workspace.clock.now(),
    }
    shell.tell(renderReport(report, places, shell.errorColors))
  } else if (code !== EXIT.ok) shell.tell(shortReport(driven))
  return code
}

/** One line where nothing else was said: what stopped, and the next command. */
function shortReport({ report }: Driven): string {
  const { counts, run } = report
  const what = run.reason === null ? run.state : `${run.state}: ${tellReason(run.reason)}`
  const next = nextSteps(report).join(', or: ')
  return `Run ${run.id} is ${what}; ${counts.succeeded} of ${run.rowCount} rows succeeded.${next === '' ? '' : ` Next: ${next}`}`
}
