import { type Command, Option } from 'commander'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { COLUMN_NAMES, COLUMNS } from '../../output/columns.ts'
import { type WrittenFiles, writeRunAnswers } from '../../results/finish.ts'
import { isWhole } from '../../results/selection.ts'
import type { RequestCounts } from '../../store/port/batch.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { reportOf } from '../../workspace/report.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { reportDocument } from '../documents/report-document.ts'
import { checkPlan } from '../drive/take-up.ts'
import { addOptions } from '../flags/option-flags.ts'
import { hasOutputFlags, outputPlan, wishesOf } from '../flags/output-flags.ts'
import { addSelectionFlags, selectionFrom } from '../flags/selection-flags.ts'
import { addLongHelp } from '../help.ts'
import { withHome } from '../open-home.ts'
import { chooseRun } from '../questions/choose-run.ts'
import { counted } from '../render/terminal/quantity.ts'
import { describeDamaged } from '../render/words/answers-words.ts'
import { openRows } from '../render/words/outcome-words.ts'
import { type LookFlags, showRows, showSummary } from '../results/show-results.ts'
import type { Shell } from '../shell.ts'

interface ResultsFlags extends OptionsOf<'results'>, LookFlags {
  readonly summary?: boolean | undefined
  readonly table?: boolean | undefined
}

const EXAMPLES = `
Examples:
  the first rows, at a terminal:
    llm-batch results last
  rows that failed, and why:
    llm-batch results last --where status=failed --limit 50
  ten random rows about refunds:
    llm-batch results last --where 'text~refund' --sample 10
  a table of other columns:
    llm-batch results last --columns text,output.label,status
  whole texts of rows whose JSON answer says so:
    llm-batch results last --where output.label=other --full
  statuses, errors by cause, labels, tokens, cost:
    llm-batch results last --summary
  a file of some rows, or all rows to a pipe as JSON lines:
    llm-batch results last --where status!=succeeded -o bad.csv
    llm-batch results last > answers.jsonl`

const CONDITION_HELP = `A condition names a column of the input; an added one, with or without the
prefix; line; or a part of JSON such as output.label. = and != compare whole
values, ~ finds a part in upper or lower case, < <= > >= compare numbers. A
name that the input has means the input's column; the added one is then
reached with its prefix: llm_status.

Added columns:
`

/** `llm-batch results RUN`: looks at the answers, or writes them again, also while the run goes on. Needs no key. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addSelectionFlags(command.argument('<run>', 'an id, the beginning of one, a name, or last'))
    .option('--summary', 'show counts of statuses, causes of errors, labels, tokens, and the cost')
    .addOption(new Option('--table', 'show rows as a table, also in a pipe').conflicts('summary').helpGroup('Rows:'))
    .addOption(
      new Option('--full', 'show each row with its whole texts, one below the other').conflicts(['summary', 'table']),
    )
  addLongHelp(addOptions(command, 'results'), CONDITION_HELP + columnHelp(command))
    .addHelpText('after', EXAMPLES)
    .action(async (wanted: string, flags: ResultsFlags) => {
      setExitCode(await withHome(shell, flags, (workspace) => results(shell, workspace, wanted, flags)))
    })
}

async function results(shell: Shell, workspace: Workspace, wanted: string, flags: ResultsFlags): Promise<number> {
  assertOneWay(shell, flags)
  const run = await chooseRun(shell, workspace, wanted)
  if (flags.summary) await showSummary(shell, workspace, run, flags)
  else if (isTable(shell, flags)) await showRows(shell, workspace, run, flags)
  else return (await write(shell, workspace, run, flags)).damagedRows > 0 ? EXIT.held : EXIT.ok
  return EXIT.ok
}

/** True where rows are shown to a person, false where they are written as data. */
function isTable({ isOutputTerminal }: Shell, { full, output, table }: ResultsFlags): boolean {
  return table === true || full === true || (output === undefined && isOutputTerminal)
}

/** Flags for a file mean nothing where none is written, and the other way round. */
function assertOneWay(shell: Shell, flags: ResultsFlags): void {
  const isShown = flags.summary === true || isTable(shell, flags)
  const { columns: _, ...fileFlags } = flags
  if (isShown && (hasOutputFlags(fileFlags) || (flags.json && !flags.summary))) {
    const isUnnamed = flags.output === undefined && !flags.summary && !flags.table && !flags.full
    throw isUnnamed
      ? new LlmBatchError('usage', 'the answers have no file', { next: 'Name a file with -o.' })
      : new LlmBatchError('usage', 'results either shows rows or writes them to a file, not both', {
          next: 'Leave out -o and the other options for files.',
        })
  }
  if (!isShown && flags.json && flags.output === undefined) {
    throw new LlmBatchError('usage', 'the answers have no file', { next: 'Name a file with -o.' })
  }
}

async function write(shell: Shell, workspace: Workspace, run: RunRecord, flags: ResultsFlags): Promise<WrittenFiles> {
  const selection = selectionFrom(flags, run, null)
  const { inputPaths } = run.definition
  // The file with the failed rows belongs to the end of the run: it is written again only where it is asked for again.
  const asked = { ...wishesOf(run.output), failed: undefined, ...flags }
  const { path, ...plan } = outputPlan(asked, { inputPaths, mustBeFile: flags.json === true, shell })
  const place = path ?? '-'
  await checkPlan(workspace, run, { ...plan, path: place })
  const store = workspace.store.read(run.id)
  const sink = { write: (text: string) => shell.printData(text) }
  const report = await reportOf(store, workspace.configuration)
  const order = { plan: { ...plan, path: place }, report, sink, selection }
  const answers = await writeRunAnswers(workspace, store, order)
  if (flags.json) await shell.printJson(await reportDocument(report, answers))
  if (!flags.quiet) tellWritten(shell, answers, report.counts, isWhole(selection) ? null : run.rowCount)
  return answers
}

/** `partOf` is the number of all rows where only some were asked for. */
function tellWritten(shell: Shell, answers: WrittenFiles, counts: RequestCounts, partOf: number | null): void {
  const place = answers.path === '-' ? '' : ` to ${answers.path}`
  const rows = partOf === null ? counted(answers.rows, 'row') : `${answers.rows} of ${counted(partOf, 'row')}`
  const open = openRows(counts)
  const rest = open === 0 ? '' : `; ${counted(open, 'row')} without a result yet`
  const failed = answers.failed ? `, ${counted(answers.failed.rows, 'failed row')} also to ${answers.failed.path}` : ''
  shell.tell(`Wrote ${rows}${place}${failed}${rest}.`)
  const damaged = describeDamaged(answers)
  if (damaged !== null) shell.tell(`${damaged}.`)
}

/** Our columns with what they hold, a line for each, in the form in which the help of this command lists its options. */
function columnHelp(command: Command): string {
  const help = command.createHelp()
  const width = Math.max(...COLUMN_NAMES.map((name) => name.length))
  return COLUMN_NAMES.map((name) => help.formatItem(name, width, COLUMNS[name].help, help)).join('\n')
}
