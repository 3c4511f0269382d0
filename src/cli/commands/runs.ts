import type { Command } from 'commander'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import { isFinished } from '../../model/run.ts'
import { findRun } from '../../run/find-run.ts'
import { removeRun } from '../../run/remove-run.ts'
import { takeRun } from '../../run/start.ts'
import type { Workspace } from '../../run/workspace.ts'
import { runFolder } from '../../store/run-folder.ts'
import type { RunRecord } from '../../store/store.ts'
import { withHome } from '../open-home.ts'
import { addPlaceFlags, type PlaceFlags } from '../place-flags.ts'
import { renderRuns } from '../render/runs-view.ts'
import { renderSpending, spendingDocument } from '../render/spending-view.ts'
import { runDocument } from '../report-document.ts'
import type { Shell } from '../shell.ts'

interface ListFlags extends PlaceFlags {
  readonly json?: boolean | undefined
}

interface RemoveFlags extends PlaceFlags {
  readonly force?: boolean | undefined
}

/** `llm-batch runs`: the list of runs, `runs job` and `runs rm`. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addPlaceFlags(command)
    .option('--json', 'as JSON on standard output')
    .action(async (flags: ListFlags) => {
      await withHome(shell, flags, (workspace) => list(shell, workspace, flags))
      setExitCode(EXIT.ok)
    })
  const job = command.command('job').description('print the job file of a run, to carry it out once more')
  addPlaceFlags(job.argument('<run>', 'an id, the beginning of one, a name, or last')).action(
    async (name: string, _own: PlaceFlags, self: Command) => {
      await withHome(shell, self.optsWithGlobals(), (workspace) => printJob(shell, workspace, name))
      setExitCode(EXIT.ok)
    },
  )
  const remove = command.command('rm').description('forget runs with their folders')
  addPlaceFlags(remove.argument('<runs...>', 'ids, beginnings of ids, or names'))
    .option('--force', 'also where results were not collected: they are lost')
    .action(async (names: readonly string[], _own: RemoveFlags, self: Command) => {
      const flags: RemoveFlags = self.optsWithGlobals()
      await withHome(shell, flags, (workspace) => removeAll(shell, workspace, names, flags.force === true))
      setExitCode(EXIT.ok)
    })
}

async function printJob(shell: Shell, { disk, home, store }: Workspace, name: string): Promise<void> {
  const { id } = await findRun(store, name)
  const text = await disk.readText(runFolder(home, id).job)
  if (text === undefined) {
    throw new LlmBatchError('not_found', `run ${id} keeps no job`, {
      next: `It was made before jobs were kept. Its settings: llm-batch status ${id} --json`,
    })
  }
  const { forReaders, notesOf } = await import('../job-print.ts')
  await shell.print(await forReaders(text))
  for (const note of notesOf(text)) shell.warn(note)
}

async function list(shell: Shell, { clock, store }: Workspace, flags: ListFlags): Promise<void> {
  const runs = (await store.listRuns()).filter(({ state }) => state !== 'preparing')
  const listed = await Promise.all(runs.map(async (run) => ({ run, counts: await store.read(run.id).counts() })))
  const months = await store.spendingByMonth()
  if (flags.json) {
    const documents = listed.map(({ run, counts }) => ({ ...runDocument(run), counts }))
    await shell.printJson({ version: 1, runs: documents, spending: spendingDocument(months) })
    return
  }
  const colors = shell.outputColors
  const sections = [renderRuns(listed, clock.now(), colors), renderSpending(months, colors)]
  await shell.show(sections.filter((section) => section !== '').join('\n'))
}

/** All names are looked up first, so that a mistyped one removes nothing. */
async function removeAll(
  shell: Shell,
  workspace: Workspace,
  names: readonly string[],
  isForced: boolean,
): Promise<void> {
  const runs = new Map<string, RunRecord>()
  for (const name of names) {
    const run = await findRun(workspace.store, name)
    runs.set(run.id, run)
  }
  if (!isForced) for (const run of runs.values()) await assertCollected(workspace, run)
  for (const { id } of runs.values()) {
    const { lock } = await takeRun(workspace, id)
    await removeRun(workspace, id, lock)
    shell.tell(`Removed run ${id}.`)
  }
}

/** Refuses to forget a run of which anything was sent and not everything is collected. */
async function assertCollected({ store }: Workspace, { id, state }: RunRecord): Promise<void> {
  if (isFinished(state)) return
  const attempts = await store.read(id).allAttempts()
  const isUntouched = attempts.every(({ stage }) => stage === 'planned' || stage === 'cancelled')
  if (isUntouched) return
  throw new LlmBatchError('usage', `run ${id} is ${state}: not all of its results are collected`, {
    next: `Finish it with: llm-batch resume ${id}. To lose them, add --force.`,
  })
}
