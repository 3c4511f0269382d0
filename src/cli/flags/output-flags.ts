import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { LlmBatchError } from '../../model/error.ts'
import { OUTPUT_FORMATS, type OutputFormat, type OutputPlan, PLAIN_OUTPUT } from '../../model/run.ts'
import { formatOf } from '../../output/format.ts'
import type { Shell } from '../shell.ts'
import { columnsFlag } from './flag-values.ts'

/** Where the answers go and how they look. */
export interface OutputFlags {
  readonly output?: string | undefined
  readonly format?: OutputFormat | undefined
  readonly prefix?: string | undefined
  readonly excelSafe?: boolean | undefined
  readonly force?: boolean | undefined
  readonly columns?: readonly string[] | undefined
  readonly raw?: boolean | undefined
  readonly failed?: string | undefined
}

/** Adds the flags for the answers. */
export function addOutputFlags(command: Command): Command {
  return command
    .option(
      '-o, --output <file>',
      'where the answers go (.jsonl, .csv, .parquet; the first two also .gz; - for standard output)',
    )
    .addOption(
      new Option('--format <format>', 'format of the answers, where the file ending does not tell it').choices(
        OUTPUT_FORMATS,
      ),
    )
    .option('--prefix <text>', 'beginning of the names of added columns (default: llm_)')
    .option(
      '--excel-safe',
      'neutralise formulas in CSV cells from the model or the provider, not in the columns of the input',
    )
    .option(
      '--columns <names>',
      'only these columns, separated by commas; of the added ones (llm_output, …) too, where one is named',
      columnsFlag,
    )
    .option('--raw', 'add the whole answer of the provider as the column llm_raw')
    .option('--failed <file>', 'write the rows that did not succeed to this file as well')
    .option('--force', 'replace an existing file')
}

/** True where any flag for the answers was given. */
export function hasOutputFlags(flags: OutputFlags): boolean {
  const { columns, excelSafe, failed, force, format, output, prefix, raw } = flags
  return [output, format, prefix, excelSafe, force, columns, raw, failed].some((flag) => flag !== undefined)
}

/** The flags that would have given this output, but for where it goes and for replacing what is there. */
export function wishesOf({ columns, excelSafe, failedPath, prefix, raw }: OutputPlan): OutputFlags {
  return { prefix, excelSafe, columns: columns ?? undefined, raw, failed: failedPath ?? undefined }
}

/**
 * Where the answers go: the file named, else `INPUT.answers.jsonl` for a person at a terminal and standard output for a
 * pipe. `mustBeFile` where standard output is taken, or nobody waits for it.
 */
export function outputPlan(
  flags: OutputFlags,
  { inputPaths, mustBeFile, shell }: { inputPaths: readonly string[] | null; mustBeFile: boolean; shell: Shell },
): OutputPlan {
  if (flags.output === '-' && mustBeFile) {
    throw new LlmBatchError('usage', '-o - cannot be used with --json or --no-wait', { next: 'Name a file with -o.' })
  }
  const format = flags.format ?? formatOf(flags.output ?? '') ?? 'jsonl'
  const isFile = flags.output !== undefined || mustBeFile || shell.isOutputTerminal
  const name = isFile ? (flags.output ?? usualName(inputPaths, format)) : '-'
  const { workingFolder } = shell.machine
  return {
    path: name === '-' ? '-' : resolve(workingFolder, name),
    format,
    prefix: flags.prefix ?? PLAIN_OUTPUT.prefix,
    excelSafe: flags.excelSafe ?? false,
    force: flags.force ?? false,
    columns: flags.columns ?? null,
    raw: flags.raw ?? false,
    failedPath: flags.failed === undefined ? null : resolve(workingFolder, flags.failed),
  }
}

/** Beside the input where it is one file, else in the working folder. */
function usualName(inputPaths: readonly string[] | null, format: OutputFormat): string {
  const [path, ...others] = inputPaths ?? []
  const beginning = path === undefined || path === '-' || others.length > 0 ? 'answers' : `${path}.answers`
  return `${beginning}.${format === 'provider' ? 'jsonl' : format}`
}
