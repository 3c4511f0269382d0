import { RunHandle } from '../../library/handle.ts'
import { inFlags } from '../../model/options/mention.ts'
import type { AnyOptions } from '../../model/options/options.ts'
import type { TakenRun } from '../../prepare/start.ts'
import { exitCodeOf, type RunReport, reportOf } from '../../workspace/report.ts'
import { workersAtWork } from '../../workspace/workers-at-work.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { reportDocument } from '../documents/report-document.ts'
import { counted } from '../render/terminal/quantity.ts'
import { tellReason } from '../render/words/reason-words.ts'
import type { Shell } from '../shell.ts'
import type { RunEvents } from './run-events.ts'

/** Options of leaving a run to workers. */
interface LeaveRun {
  readonly shell: Shell
  readonly workspace: Workspace
  readonly taken: TakenRun
  readonly events: RunEvents
  readonly flags: AnyOptions
  /** Takes up held batches again, for the worker that goes on. */
  readonly releaseHeld: boolean
}

/** Keeps with a run what steers it, lets go of it, and says who goes on. Nothing of it is sent from here. */
export async function leaveToWorkers(options: LeaveRun): Promise<number> {
  const { events, flags, releaseHeld, shell, taken, workspace } = options
  const handle = new RunHandle(workspace, taken, events.emitter, inFlags)
  try {
    await handle.steer(flags)
    if (releaseHeld) await handle.release()
  } finally {
    await events.flushed()
    handle.close()
  }
  const report = await reportOf(taken.store, workspace.configuration)
  if (flags.json) await shell.printJson(await reportDocument(report, null))
  if (!flags.quiet) shell.tell(await describeLeft(workspace, report))
  return exitCodeOf(report, flags.maxFailed ?? 0)
}

/** Workers leave a held run alone until a person has decided. */
async function describeLeft(workspace: Workspace, { run: { id, reason, state } }: RunReport): Promise<string> {
  if (state === 'held') {
    const why = reason === null ? '' : `: ${tellReason(reason)}`
    return `Run ${id} stays held${why}.\nNext: llm-batch resume ${id} --detach   (after the cause is gone)`
  }
  const count = (await workersAtWork(workspace)).length
  const who = count === 0 ? 'a worker; none is at work now, start one with: llm-batch worker' : counted(count, 'worker')
  return `Run ${id} is left to ${who}.\nNext: llm-batch status ${id} --watch, then llm-batch results ${id} -o OUT`
}
