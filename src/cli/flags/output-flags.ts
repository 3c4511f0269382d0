import { resolve } from 'node:path'
import { LlmBatchError } from '../../model/error.ts'
import type { ValuesOf } from '../../model/options/declaration.ts'
import { OUTPUT_OPTIONS } from '../../model/options/output-options.ts'
import { type OutputFormat, type OutputPlan, PLAIN_OUTPUT } from '../../model/run.ts'
import { formatOf } from '../../output/format.ts'
import type { Shell } from '../shell.ts'

/** Flags for the place and the form of the answers. */
export type OutputFlags = ValuesOf<typeof OUTPUT_OPTIONS>

/** True where any flag for the answers was given. */
export function hasOutputFlags(flags: OutputFlags): boolean {
  return (Object.keys(OUTPUT_OPTIONS) as (keyof OutputFlags)[]).some((name) => flags[name] !== undefined)
}

/** The flags that would have given this output, but for where it goes and for replacing what is there. */
export function wishesOf({ columns, excelSafe, failedPath, prefix, raw, tableName }: OutputPlan): OutputFlags {
  return { prefix, excelSafe, columns: columns ?? undefined, raw, tableName, failed: failedPath ?? undefined }
}

/**
 * Where the answers go: the file named, else `INPUT.answers.jsonl` for a person at a terminal and standard output for a
 * pipe. `mustBeFile` where standard output is taken, or the command does not wait for the answers.
 */
export function outputPlan(
  flags: OutputFlags,
  { inputPaths, mustBeFile, shell }: { inputPaths: readonly string[] | null; mustBeFile: boolean; shell: Shell },
): OutputPlan {
  if (flags.output === '-' && mustBeFile) {
    throw new LlmBatchError('usage', '-o - cannot be used with --json or --no-wait', {
      next: 'Name a file with -o.',
    })
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
    tableName: flags.tableName ?? PLAIN_OUTPUT.tableName,
    failedPath: flags.failed === undefined ? null : resolve(workingFolder, flags.failed),
  }
}

/** Beside the input where it is one file, else in the working folder. */
function usualName(inputPaths: readonly string[] | null, format: OutputFormat): string {
  const [path, ...others] = inputPaths ?? []
  const beginning = path === undefined || path === '-' || others.length > 0 ? 'answers' : `${path}.answers`
  return `${beginning}.${format === 'provider' ? 'jsonl' : format}`
}
