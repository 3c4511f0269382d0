import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { EXIT } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { isAtRest, isFinished } from '../../model/run.ts'
import { evidenceFor } from '../../probe/evidence.ts'
import type { RunStore, WorkerRecord } from '../../store/store.ts'
import { openRunsAndLast } from '../../workspace/find-run.ts'
import { lifetimesOf, recoveryOf } from '../../workspace/lifetime.ts'
import { progressOf } from '../../workspace/progress.ts'
import { exitCodeOf, newestOfEach, type RunReport, reportOf } from '../../workspace/report.ts'
import { workersAtWork } from '../../workspace/workers-at-work.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { reportDocument } from '../documents/report-document.ts'
import { Interruption } from '../drive/interruption.ts'
import { RunProgress } from '../drive/run-progress.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { chooseRun } from '../questions/choose-run.ts'
import { renderFacts } from '../render/terminal/facts.ts'
import { renderBriefStatus } from '../render/views/brief-status.ts'
import { evidenceDocument } from '../render/views/evidence-view.ts'
import { nextSteps } from '../render/views/next-command.ts'
import { type RunStatus, renderStatus } from '../render/views/status-view.ts'
import { tellReason } from '../render/words/reason-words.ts'
import { describeWorkers } from '../render/words/workers-words.ts'
import type { Shell } from '../shell.ts'

interface StatusFlags extends OptionsOf<'status'> {
  readonly watch?: boolean | undefined
  readonly json?: boolean | undefined
}

/** Between two looks at the store while watching. */
const LOOK_MS = 500

/** `llm-batch status [RUN]`: how far the runs are. Needs no key and disturbs no other process. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(
    command.argument('[run]', 'an id, the beginning of one, a name, or last (default: all unfinished runs)'),
    'status',
  )
    .option('--watch', 'keep looking until the run is finished or held')
    .option('--json', 'as JSON on standard output')
    .action(async (wanted: string | undefined, flags: StatusFlags) => {
      setExitCode(await withHome(shell, flags, (workspace) => status(shell, workspace, wanted, flags)))
    })
}

async function status(
  shell: Shell,
  workspace: Workspace,
  wanted: string | undefined,
  flags: StatusFlags,
): Promise<number> {
  if (wanted === undefined && !flags.watch) {
    await showAll(shell, workspace, flags)
    return EXIT.ok
  }
  const { id } = await chooseRun(shell, workspace, wanted)
  if (flags.watch && !(await watchRun(shell, workspace, workspace.store.read(id)))) return EXIT.interrupted
  const workers = await workersAtWork(workspace)
  const { report, view } = await statusOf(workspace, id, workers.length > 0)
  if (flags.json)
    await shell.printJson({ ...(await statusDocument({ report, view })), workers: workersDocument(workers) })
  else {
    const whole = renderStatus(view, shell.outputColors, widthOf(shell))
    await shell.show(isFinished(report.run.state) ? whole : `${whole}${workersSection(shell, workspace, workers)}`)
  }
  return flags.watch ? exitCodeOf(report, 0) : EXIT.ok
}

/** All unfinished runs and the last finished one, newest first. A run that is the only one open is shown in full. */
async function showAll(shell: Shell, workspace: Workspace, { json }: StatusFlags): Promise<void> {
  const runs = await openRunsAndLast(workspace.store)
  const all: WholeStatus[] = []
  const workers = await workersAtWork(workspace)
  for (const { id } of runs) all.push(await statusOf(workspace, id, workers.length > 0))
  if (json) {
    const documents = await Promise.all(all.map(statusDocument))
    await shell.printJson({ version: 1, runs: documents, workers: workersDocument(workers) })
    return
  }
  const isFirstAlone = runs.filter(({ state }) => !isFinished(state)).length < 2
  const colors = shell.outputColors
  const shown = all.map(({ view }, index) =>
    index === 0 && isFirstAlone ? renderStatus(view, colors, widthOf(shell)) : renderBriefStatus(view, colors),
  )
  await shell.show(`${shown.join('\n')}${workersSection(shell, workspace, workers)}`)
}

/** Everything that is shown of one run. */
interface WholeStatus {
  readonly report: RunReport
  readonly view: RunStatus
}

function workersSection(shell: Shell, { clock }: Workspace, workers: readonly WorkerRecord[]): string {
  const text = describeWorkers(workers, clock.now())
  return text === null ? '' : `\n${renderFacts([['Workers', text]], shell.outputColors)}`
}

function workersDocument(workers: readonly WorkerRecord[]): readonly object[] {
  return workers.map(({ place, seenAt, startedAt }) => {
    return { place, startedAt: new Date(startedAt).toISOString(), seenAt: new Date(seenAt).toISOString() }
  })
}

async function statusOf(workspace: Workspace, id: string, hasWorkers: boolean): Promise<WholeStatus> {
  const store = workspace.store.read(id)
  const report = await reportOf(store, workspace.configuration)
  const { output, state } = report.run
  const { path } = output
  const view = {
    ...report,
    attempts: newestOfEach(report.attempts),
    areAnswersThere: path !== null && isFinished(state) && (await workspace.disk.size(path)) !== undefined,
    evidence: await evidenceFor(workspace, report.run.definition),
    isWorkedOn: await workspace.store.isRunLocked(id),
    hasWorkers,
    lifetimeOf: await lifetimesOf(report.run),
    recovery: await recoveryOf(report.run),
    now: workspace.clock.now(),
  }
  return { report, view }
}

async function statusDocument({ report, view }: WholeStatus): Promise<object> {
  return {
    ...(await reportDocument(report, null)),
    answersFile: view.areAnswersThere ? report.run.output.path : null,
    evidence: evidenceDocument(view.evidence),
    isWorkedOn: view.isWorkedOn,
    hasWorkers: view.hasWorkers,
    recovery: view.recovery,
    next: nextSteps(view)[0] ?? null,
  }
}

function widthOf(shell: Shell): number | undefined {
  return shell.isOutputTerminal ? shell.outputColumns : undefined
}

/** Shows how a run goes that another process drives; false when the user has seen enough. */
async function watchRun(shell: Shell, { clock }: Workspace, store: RunStore): Promise<boolean> {
  const interruption = new Interruption(shell, systemClock)
  const progress = new RunProgress(shell, clock, () => progressOf(store, tellReason))
  try {
    return await interruption.during('', async (signal) => {
      while (!signal.aborted) {
        const { state } = await store.record()
        if (isAtRest(state) || state === 'held') return true
        await clock.sleep(LOOK_MS, signal)
      }
      return false
    })
  } finally {
    interruption.end()
    await progress.stop()
  }
}
