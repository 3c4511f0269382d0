import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { LlmBatchError } from '../model/error.ts'
import { OUTPUT_FORMATS, type OutputFormat, type OutputPlan } from '../model/run.ts'
import { formatOf } from '../output/format.ts'
import type { Shell } from './shell.ts'

/** Where the answers go and how they look. */
export interface OutputFlags {
  readonly output?: string | undefined
  readonly format?: OutputFormat | undefined
  readonly prefix?: string | undefined
  readonly excelSafe?: boolean | undefined
  readonly force?: boolean | undefined
}

/** Adds the flags for the answers. */
export function addOutputFlags(command: Command): Command {
  return command
    .option('-o, --output <file>', 'where the answers go (.jsonl or .csv; - for standard output)')
    .addOption(new Option('--format <format>', 'of the answers, in place of the file ending').choices(OUTPUT_FORMATS))
    .option('--prefix <text>', 'what our columns begin with (default: llm_)')
    .option('--excel-safe', 'neutralise formulas in CSV cells written by the model')
    .option('--force', 'replace an existing file')
}

/** True where any flag for the answers was given. */
export function hasOutputFlags({ output, format, prefix, excelSafe, force }: OutputFlags): boolean {
  return [output, format, prefix, excelSafe, force].some((flag) => flag !== undefined)
}

/**
 * Where the answers go: the file named, else `INPUT.answers.jsonl` for a person at a terminal and standard output for a
 * pipe. `mustBeFile` where standard output is taken, or nobody waits for it.
 */
export function outputPlan(
  flags: OutputFlags,
  { inputPath, mustBeFile, shell }: { inputPath: string | null; mustBeFile: boolean; shell: Shell },
): OutputPlan {
  if (flags.output === '-' && mustBeFile) {
    throw new LlmBatchError('usage', '-o - cannot be used with --json or --no-wait', { next: 'Name a file with -o.' })
  }
  const format = flags.format ?? formatOf(flags.output ?? '') ?? 'jsonl'
  const isFile = flags.output !== undefined || mustBeFile || shell.isOutputTerminal
  const name = isFile ? (flags.output ?? usualName(inputPath, format)) : '-'
  return {
    path: name === '-' ? '-' : resolve(shell.machine.workingFolder, name),
    format,
    prefix: flags.prefix ?? 'llm_',
    excelSafe: flags.excelSafe ?? false,
    force: flags.force ?? false,
  }
}

function usualName(inputPath: string | null, format: OutputFormat): string {
  const beginning = inputPath === null || inputPath === '-' ? 'answers' : `${inputPath}.answers`
  return `${beginning}.${format === 'csv' ? 'csv' : 'jsonl'}`
}
