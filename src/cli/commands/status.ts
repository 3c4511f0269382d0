import type { Command } from 'commander'
import { systemClock } from '../../lib/clock.ts'
import { EXIT } from '../../model/error.ts'
import { isFinished } from '../../model/run.ts'
import { lifetimesOf } from '../../run/lifetime.ts'
import { evidenceFor } from '../../run/probe/evidence.ts'
import { progressOf } from '../../run/progress.ts'
import { exitCodeOf, reportOf } from '../../run/report.ts'
import type { Workspace } from '../../run/workspace.ts'
import type { RunStore } from '../../store/store.ts'
import { chooseRun } from '../choose-run.ts'
import { Interruption } from '../interruption.ts'
import { withHome } from '../open-home.ts'
import { addPlaceFlags, type PlaceFlags } from '../place-flags.ts'
import { evidenceDocument } from '../render/evidence-view.ts'
import { renderStatus } from '../render/status-view.ts'
import { reportDocument } from '../report-document.ts'
import { RunProgress } from '../run-progress.ts'
import type { Shell } from '../shell.ts'

interface StatusFlags extends PlaceFlags {
  readonly watch?: boolean | undefined
  readonly json?: boolean | undefined
}

/** Between two looks at the store while watching. */
const LOOK_MS = 500

/** `llm-batch status [RUN]`: what stands where. Needs no key and disturbs nobody. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addPlaceFlags(command.argument('[run]', 'an id, the beginning of one, a name, or last'))
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
  const { id } = await chooseRun(shell, workspace, wanted)
  const store = workspace.store.read(id)
  if (flags.watch && !(await watchRun(shell, workspace, store))) return EXIT.interrupted
  const report = await reportOf(store, workspace.configuration)
  const evidence = await evidenceFor(workspace, report.run.definition)
  const { path } = report.run.output
  const areAnswersThere =
    path !== null && isFinished(report.run.state) && (await workspace.disk.size(path)) !== undefined
  if (flags.json) {
    await shell.printJson({
      ...reportDocument(report, null),
      answersFile: areAnswersThere ? path : null,
      evidence: evidenceDocument(evidence),
    })
  } else {
    const attempts = await store.currentAttempts()
    const now = workspace.clock.now()
    const view = { ...report, areAnswersThere, attempts, evidence, now, lifetimeOf: lifetimesOf(report.run) }
    const width = shell.isOutputTerminal ? shell.outputColumns : undefined
    await shell.show(renderStatus(view, shell.outputColors, width))
  }
  return flags.watch ? exitCodeOf(report, 0) : EXIT.ok
}

/** Shows how a run goes that another process drives; false when the user has seen enough. */
async function watchRun(shell: Shell, { clock }: Workspace, store: RunStore): Promise<boolean> {
  const interruption = new Interruption(shell, systemClock)
  const progress = new RunProgress(shell, clock, () => progressOf(store))
  try {
    return await interruption.during('', async (signal) => {
      while (!signal.aborted) {
        const { state } = await store.record()
        if (isFinished(state) || state === 'held') return true
        await clock.sleep(LOOK_MS, signal)
      }
      return false
    })
  } finally {
    interruption.end()
    await progress.stop()
  }
}
