import type { Command } from 'commander'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import { type WrittenFiles, writeRunAnswers } from '../../run/finish.ts'
import { reportOf } from '../../run/report.ts'
import type { Workspace } from '../../run/workspace.ts'
import type { RequestCounts } from '../../store/store.ts'
import { chooseRun } from '../choose-run.ts'
import { withHome } from '../open-home.ts'
import { addOutputFlags, type OutputFlags, outputPlan, wishesOf } from '../output-flags.ts'
import { addPlaceFlags, type PlaceFlags } from '../place-flags.ts'
import { openRows } from '../render/outcome-words.ts'
import { counted } from '../render/quantity.ts'
import { reportDocument } from '../report-document.ts'
import type { Shell } from '../shell.ts'
import { checkPlan } from '../take-up.ts'

interface ResultsFlags extends OutputFlags, PlaceFlags {
  readonly json?: boolean | undefined
  readonly quiet?: boolean | undefined
}

/** `llm-batch results RUN -o OUT`: writes the answers again, in any format, also while the run goes on. Needs no key. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOutputFlags(command.argument('<run>', 'an id, the beginning of one, a name, or last'))
  addPlaceFlags(command)
    .option('--json', 'a report as JSON on standard output; the answers must go to a file')
    .option('--quiet', 'say nothing when all is well')
    .action(async (wanted: string, flags: ResultsFlags) => {
      await withHome(shell, flags, (workspace) => writeResults(shell, workspace, wanted, flags))
      setExitCode(EXIT.ok)
    })
}

async function writeResults(shell: Shell, workspace: Workspace, wanted: string, flags: ResultsFlags): Promise<void> {
  const run = await chooseRun(shell, workspace, wanted)
  if (flags.output === undefined && (shell.isOutputTerminal || flags.json)) {
    throw new LlmBatchError('usage', 'results needs to know where the answers go', { next: 'Name a file with -o.' })
  }
  const { inputPaths } = run.definition
  // The file with the failed rows belongs to the end of the run: it is written again only where it is asked for again.
  const asked = { ...wishesOf(run.output), failed: undefined, ...flags }
  const { path, ...plan } = outputPlan(asked, { inputPaths, mustBeFile: flags.json === true, shell })
  const place = path ?? '-'
  await checkPlan(workspace, run, { ...plan, path: place })
  const store = workspace.store.read(run.id)
  const sink = { write: (text: string) => shell.print(text) }
  const report = await reportOf(store, workspace.configuration)
  const answers = await writeRunAnswers(workspace, store, { plan: { ...plan, path: place }, report, sink })
  if (flags.json) await shell.printJson(reportDocument(report, answers))
  if (!flags.quiet) tellWritten(shell, answers, report.counts)
}

function tellWritten(shell: Shell, answers: WrittenFiles, counts: RequestCounts): void {
  const place = answers.path === '-' ? '' : ` to ${answers.path}`
  const open = openRows(counts)
  const rest = open === 0 ? '' : `; ${counted(open, 'row')} without a result yet`
  const failed = answers.failed ? `, ${counted(answers.failed.rows, 'failed row')} also to ${answers.failed.path}` : ''
  shell.tell(`Wrote ${counted(answers.rows, 'row')}${place}${failed}${rest}.`)
}
