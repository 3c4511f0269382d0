import type { Command } from 'commander'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { isFinished } from '../../model/run.ts'
import { takeRun } from '../../prepare/start.ts'
import type { RequestCounts } from '../../store/port/batch.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { findRun, preparedRuns } from '../../workspace/find-run.ts'
import { leftFolders } from '../../workspace/left-folders.ts'
import { removeRun } from '../../workspace/remove-run.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { runDocument } from '../documents/report-document.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { confirm } from '../questions/ask.ts'
import { counted } from '../render/terminal/quantity.ts'
import { renderRuns } from '../render/views/runs-view.ts'
import { renderSpending, spendingDocument } from '../render/views/spending-view.ts'
import type { Shell } from '../shell.ts'

interface ListFlags extends OptionsOf<'runs'> {
  readonly json?: boolean | undefined
}

interface RemoveFlags extends OptionsOf<'runs'> {
  readonly force?: boolean | undefined
  readonly yes?: boolean | undefined
}

const NOTHING_REMOVED = 'Nothing was removed.'

/** `llm-batch runs`: the list of runs, `runs job`, `runs rm` and `runs clean`. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'runs')
    .option('--json', 'as JSON on standard output')
    .action(async (flags: ListFlags) => {
      await withHome(shell, flags, (workspace) => list(shell, workspace, flags))
      setExitCode(EXIT.ok)
    })
  const job = command.command('job').description('print the job file of a run, to run it once more')
  addOptions(job.argument('<run>', 'an id, the beginning of one, a name, or last'), 'runs').action(
    async (name: string, _own: OptionsOf<'runs'>, self: Command) => {
      await withHome(shell, self.optsWithGlobals(), (workspace) => printJob(shell, workspace, name))
      setExitCode(EXIT.ok)
    },
  )
  const remove = command.command('rm').description('remove runs and their folders')
  addOptions(remove.argument('<runs...>', 'ids, beginnings of ids, or names'), 'runs')
    .option('--force', 'also remove runs whose results were not collected; these results are lost')
    .option('-y, --yes', 'do not ask about answers that were paid for')
    .action(async (names: readonly string[], _own: RemoveFlags, self: Command) => {
      const flags: RemoveFlags = self.optsWithGlobals()
      setExitCode(await withHome(shell, flags, (workspace) => removeAll(shell, workspace, names, flags)))
    })
  const clean = command.command('clean').description('remove files of runs that the home does not know any more')
  addOptions(clean, 'runs')
    .option('-y, --yes', 'do not ask')
    .action(async (_own: RemoveFlags, self: Command) => {
      const flags: RemoveFlags = self.optsWithGlobals()
      setExitCode(await withHome(shell, flags, (workspace) => removeLeft(shell, workspace, flags)))
    })
}

async function printJob(shell: Shell, { disk, folderOf, store }: Workspace, name: string): Promise<void> {
  const { id } = await findRun(store, name)
  const text = await disk.readText(folderOf(id).job)
  if (text === undefined) {
    throw new LlmBatchError('not_found', `run ${id} has no stored job`, {
      next: `An older llm-batch made it. See its settings with: llm-batch status ${id} --json`,
    })
  }
  const { forReaders, notesOf } = await import('../jobs/job-print.ts')
  await shell.printData(await forReaders(text))
  for (const note of notesOf(text)) shell.warn(note)
}

async function list(shell: Shell, { clock, store }: Workspace, flags: ListFlags): Promise<void> {
  const runs = await preparedRuns(store)
  const listed = await Promise.all(runs.map(async (run) => ({ run, counts: await store.read(run.id).counts() })))
  const months = await store.spendingByMonth()
  if (flags.json) {
    const documents = listed.map(({ run, counts }) => ({ ...runDocument(run), counts }))
    await shell.printJson({ version: 1, runs: documents, spending: spendingDocument(months) })
    return
  }
  const colors = shell.outputColors
  const width = shell.isOutputTerminal ? shell.outputColumns : undefined
  const sections = [renderRuns(listed, clock.now(), colors, width), renderSpending(months, colors, width)]
  await shell.show(sections.filter((section) => section !== '').join('\n'))
}

/** All names are looked up first, so that a mistyped one removes nothing. */
async function removeAll(
  shell: Shell,
  workspace: Workspace,
  names: readonly string[],
  { force, yes }: RemoveFlags,
): Promise<number> {
  const runs = new Map<string, RunRecord>()
  for (const name of names) {
    const run = await findRun(workspace.store, name)
    runs.set(run.id, run)
  }
  if (!force) for (const run of runs.values()) await assertCollected(workspace, run)
  if (!force && !yes && !(await agreeToRemove(shell, workspace, [...runs.values()]))) return EXIT.usage
  for (const { id } of runs.values()) {
    const { lock } = await takeRun(workspace, id)
    await removeRun(workspace, id, lock)
    shell.tell(`Removed run ${id}.`)
  }
  return EXIT.ok
}

/** Removes what no run of the catalog owns; asked first, because after a backup was restored these may be answers. */
async function removeLeft(shell: Shell, workspace: Workspace, { yes }: RemoveFlags): Promise<number> {
  const { disk, filesPlace, folderOf } = workspace
  const ids = await leftFolders(workspace)
  if (ids.length === 0) {
    shell.tell(`In ${filesPlace} lie no files of runs that the home does not know.`)
    return EXIT.ok
  }
  shell.tell(
    `In ${filesPlace} lie files of ${counted(ids.length, 'run')} that the home does not know: ${ids.join(', ')}.`,
  )
  if (!yes) {
    if (!shell.canAsk) {
      throw new LlmBatchError('usage', 'nothing was removed', {
        next: 'Where the catalog is not an older backup, remove them with --yes.',
      })
    }
    if (!(await confirm(shell, 'Remove them?', NOTHING_REMOVED))) {
      shell.tell(NOTHING_REMOVED)
      return EXIT.usage
    }
  }
  for (const id of ids) {
    await disk.remove(folderOf(id).path)
    shell.tell(`Removed the files of run ${id}.`)
  }
  return EXIT.ok
}

/** Asks in a terminal before paid answers go; without one it throws `usage`. A run without answers needs no question. */
async function agreeToRemove(shell: Shell, { store }: Workspace, runs: readonly RunRecord[]): Promise<boolean> {
  const kept = await Promise.all(runs.map(async ({ id }) => paidAnswers(await store.read(id).counts())))
  const answers = kept.reduce((sum, paid) => sum + paid, 0)
  if (answers === 0) return true
  const what = runs.length === 1 ? `run ${runs[0]?.id}` : counted(runs.length, 'run')
  const message = `${what} would be removed with ${counted(answers, 'answer')} that you paid for`
  if (!shell.canAsk) {
    throw new LlmBatchError('usage', `${message}; nothing was removed`, {
      next: 'Files of answers that were written stay. To remove what the home keeps, add --yes.',
    })
  }
  shell.tell(`${message[0]?.toUpperCase()}${message.slice(1)}. Files of answers that were written stay.`)
  const isYes = await confirm(shell, 'Remove them?', NOTHING_REMOVED)
  if (!isYes) shell.tell(NOTHING_REMOVED)
  return isYes
}

/** Rows with an answer, usable or not; the provider charges for all of these. */
function paidAnswers({ invalid, refused, succeeded, truncated }: RequestCounts): number {
  return succeeded + truncated + refused + invalid
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
