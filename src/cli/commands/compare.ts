import { resolve } from 'node:path'
import type { Command } from 'commander'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { PLAIN_OUTPUT } from '../../model/run.ts'
import { checkOutput } from '../../output/check-output.ts'
import { formatOf } from '../../output/format.ts'
import {
  type ComparedRuns,
  type CompareOptions,
  compareRuns,
  differenceColumns,
  RUN_LETTERS,
} from '../../results/compare-runs.ts'
import type { RunRecord } from '../../store/port/run.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { compareDocument } from '../documents/compare-document.ts'
import { countOrZeroFlag } from '../flags/flag-values.ts'
import { addOptions } from '../flags/option-flags.ts'
import { withHome } from '../open-home.ts'
import { chooseRun } from '../questions/choose-run.ts'
import { counted } from '../render/terminal/quantity.ts'
import { renderComparison } from '../render/views/compare-view.ts'
import type { Shell } from '../shell.ts'

interface CompareFlags extends OptionsOf<'compare'> {
  readonly by?: string | undefined
  readonly gold?: string | undefined
  readonly field?: string | undefined
  readonly ignoreCase?: boolean | undefined
  readonly limit: number
  readonly output?: string | undefined
  readonly excelSafe?: boolean | undefined
  readonly force?: boolean | undefined
  readonly json?: boolean | undefined
  readonly quiet?: boolean | undefined
}

const EXAMPLES = `
Examples:
  agreement, tokens, cost, rows that differ:
    llm-batch compare small large
  which is right more often, and whether that may be chance:
    llm-batch compare small large --gold label
  the right answer stands in one part of a JSON answer:
    llm-batch compare v1 v2 --gold label --field label
  other inputs, joined by a column, with all rows that differ in a file:
    llm-batch compare may june --by ticket_id -o differences.csv

Runs of the same rows are joined by their place, others by their ids or --by.
Answers are equal where they are the same after trimming; answers in JSON are
compared by their parts too. A row without a usable answer is not right.`

/** `llm-batch compare RUN RUN`: runs side by side, to choose a model or a prompt. Needs no key. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  command
    .argument('<runs...>', 'two to six ids, beginnings of ids, or names')
    .option('--by <column>', 'join rows by this column (default: by their place in the same input, else by their ids)')
    .option('--gold <column>', 'the column with the right answers')
    .option('--field <path>', 'compare only this part of answers that are JSON, such as label')
    .option('--ignore-case', 'treat upper and lower case as equal')
    .option('--limit <n>', 'maximum of rows shown that differ', countOrZeroFlag, 20)
    .option('-o, --output <file>', 'write all rows that differ to a file such as rows.csv')
    .option(
      '--excel-safe',
      'neutralise formulas in CSV cells from the model or the provider, not in the columns of the input',
    )
    .option('--force', 'replace an existing file')
  addOptions(command, 'compare')
    .option('--json', 'as JSON on standard output')
    .option('--quiet', 'do not report which file was written')
    .addHelpText('after', EXAMPLES)
    .action(async (names: readonly string[], flags: CompareFlags) => {
      await withHome(shell, flags, (workspace) => compare(shell, workspace, names, flags))
      setExitCode(EXIT.ok)
    })
}

async function compare(
  shell: Shell,
  workspace: Workspace,
  names: readonly string[],
  flags: CompareFlags,
): Promise<void> {
  const runs = await chooseRuns(shell, workspace, names)
  const options = { ...flags, rules: rulesFrom(flags), mostShown: flags.limit, file: fileFrom(shell, flags) }
  if (options.file) await checkFile(workspace, runs, options.file, flags.force === true)
  const compared = await compareRuns(workspace, runs, options)
  if (flags.json) await shell.printJson(compareDocument({ ...compared, runs, gold: flags.gold }))
  else {
    const view = { ...compared, runs, gold: flags.gold }
    await shell.print(renderComparison(view, shell.outputColumns, shell.outputColors))
  }
  if (flags.quiet) return
  if (isNeverRight(compared)) shell.tell(NEVER_RIGHT)
  if (options.file) {
    shell.tell(`Wrote ${counted(compared.comparison.different, 'row')} to ${options.file.path}.`)
  }
}

const NEVER_RIGHT =
  'No answer equals its right answer. If the answers hold more text than that, compare a part of JSON with --field, or try --ignore-case.'

/** Two runs that have nothing right were hardly asked for what the column holds. */
function isNeverRight({ comparison: { accuracy } }: ComparedRuns): boolean {
  return accuracy !== null && accuracy.rows > 0 && accuracy.runs.every(({ part }) => part === 0)
}

async function chooseRuns(shell: Shell, workspace: Workspace, names: readonly string[]): Promise<readonly RunRecord[]> {
  const runs: RunRecord[] = []
  for (const name of names) runs.push(await chooseRun(shell, workspace, name))
  if (new Set(runs.map(({ id }) => id)).size < runs.length) {
    throw new LlmBatchError('usage', 'the same run is named twice', { next: 'List them with: llm-batch runs' })
  }
  if (runs.length < 2 || runs.length > RUN_LETTERS.length) {
    throw new LlmBatchError('usage', `two to ${RUN_LETTERS.length} runs can be compared, not ${runs.length}`, {
      next: 'Name them: llm-batch compare RUN RUN',
    })
  }
  return runs
}

/** A path may be written as for `results`, with `output` before it. */
function rulesFrom({ field, ignoreCase }: CompareFlags): CompareOptions['rules'] {
  const path = field?.split('.').filter((key, place) => place > 0 || key !== 'output')
  return { ignoresCase: ignoreCase === true, field: path && path.length > 0 ? path : null }
}

function fileFrom(shell: Shell, { excelSafe, output }: CompareFlags): CompareOptions['file'] {
  if (output === undefined) return undefined
  const named = formatOf(output)
  // A file of another ending is refused with JSON lines asked for.
  const isOther = named === undefined || named === 'parquet' || named === 'sqlite' || named === 'provider'
  const format = isOther ? 'jsonl' : named
  return { path: resolve(shell.machine.workingFolder, output), format, excelSafe: excelSafe === true }
}

function columnNamesOf(run: RunRecord | undefined): readonly string[] {
  return run?.columns.map(({ name }) => name) ?? []
}

/** Refuses a file that could not be written, before all rows are read. */
async function checkFile(
  { disk }: Workspace,
  runs: readonly RunRecord[],
  { excelSafe, format, path }: NonNullable<CompareOptions['file']>,
  force: boolean,
): Promise<void> {
  for (const { definition } of runs) {
    await checkOutput(
      { ...PLAIN_OUTPUT, path, format, prefix: '', excelSafe, force },
      definition.inputPaths ?? [],
      disk,
    )
  }
  const added = differenceColumns(runs.length)
  const taken = columnNamesOf(runs[0]).filter((column) => added.includes(column))
  if (taken.length === 0) return
  throw new LlmBatchError('usage', `the input has columns with the names of comparison columns: ${taken.join(', ')}`, {
    next: 'Leave out -o, or rename them in the input.',
  })
}
