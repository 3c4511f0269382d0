import { dirname, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { describeMistakes } from '../../config/mistakes.ts'
import { systemDisk } from '../../lib/disk.ts'
import { didYouMean } from '../../lib/near-match.ts'
import { LlmBatchError } from '../../model/error.ts'
import { OPTIONS, type OptionName } from '../../model/options/options.ts'
import { readerOf } from '../flags/option-flags.ts'
import type { Shell } from '../shell.ts'
import { isJobKey, isPath, JOB_KEYS, rivalsOf } from './job-keys.ts'
import { jobSchema } from './job-schema.ts'
import { parseYaml } from './yaml-text.ts'

type Fields = Readonly<Record<string, unknown>>

/** INPUT and flags as a job file and the command line give them together. */
export interface JobRequest {
  readonly inputPaths: readonly string[]
  readonly flags: Fields
}

/** A key that would hold a secret, which does not belong into a file. */
const SECRET = /(?:^|[a-z_-])(?:key|secret|password|authorization)$|token$/i

/**
 * Reads a job file. What was typed wins over it, and a flag that was typed also over the keys that contradict it. Keys
 * that this command has no flag for are checked and left out. Throws `usage` for what cannot be understood.
 */
export async function readJobFile(shell: Shell, command: Command, path: string): Promise<JobRequest> {
  const absolute = resolve(shell.machine.workingFolder, path)
  const text = await systemDisk.readText(absolute)
  if (text === undefined) {
    throw new LlmBatchError('usage', `the job file ${path} does not exist`, { next: 'Check the path.' })
  }
  const { $schema: _, input, ...fields } = check(await parseYaml(text, path), path)
  const folder = dirname(absolute)
  return {
    inputPaths: inputsOf(input, path, folder),
    flags: merge(command, withoutTypedRivals(command, fields, path), { folder, path }),
  }
}

function check(value: unknown, path: string): Fields {
  const result = jobSchema.safeParse(value)
  if (result.success) return result.data
  const mistakes = describeMistakes(result.error, 'the job', (key) => unknownKey(key, ['input', ...JOB_KEYS]))
  throw new LlmBatchError('usage', `${path}: ${mistakes.join('; ')}`, {
    next: 'Its keys are the long flags of llm-batch help run, in camel case; see docs/job-files.md.',
  })
}

function unknownKey(key: string, known: readonly string[]): string {
  if (SECRET.test(key)) return `"${key}" is not a key of a job file; API keys are taken from the environment only`
  const camelCase = key.replace(/[-_]+([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const meant = known.includes(camelCase) ? ` (did you mean ${camelCase}?)` : didYouMean(camelCase, known)
  return `unknown key "${key}"${meant}`
}

function inputsOf(input: unknown, path: string, folder: string): readonly string[] {
  const inputs = typeof input === 'string' ? [input] : ((input as readonly string[] | undefined) ?? [])
  if (inputs.length === 0) {
    throw new LlmBatchError('usage', `${path} has no input`, { next: 'Add the line  input: FILE' })
  }
  return inputs.map((named) => (named === '-' ? named : resolve(folder, named)))
}

/** Leaves out what contradicts a flag that was typed; keys that contradict each other are a mistake. */
function withoutTypedRivals(command: Command, fields: Fields, path: string): Fields {
  const isTyped = (key: string): boolean => command.getOptionValueSource(key) === 'cli'
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => {
      const against = isJobKey(key) ? rivalsOf(key) : []
      const other = against.find((rival) => fields[rival] !== undefined)
      if (value !== undefined && other !== undefined && !isTyped(key) && !isTyped(other)) {
        throw new LlmBatchError('usage', `${path}: ${key} and ${other} cannot be used together`, {
          next: 'Leave one out.',
        })
      }
      return !against.some(isTyped)
    }),
  )
}

interface JobSource {
  readonly path: string
  readonly folder: string
}

function merge(command: Command, fields: Fields, source: JobSource): Fields {
  const own = new Set(command.options.map((option) => option.attributeName()))
  const flags: Record<string, unknown> = { ...command.opts<Record<string, unknown>>() }
  for (const [key, value] of Object.entries(fields)) {
    if (!isJobKey(key) || value === undefined) continue
    const { inJobs, kind } = OPTIONS[key]
    if (inJobs === 'only') flags[key] = value
    else if (kind === 'parameters' && own.has(key)) flags[key] = { ...(value as object), ...(flags[key] as object) }
    else if (own.has(key) && command.getOptionValueSource(key) !== 'cli') flags[key] = valueOf(key, value, source)
  }
  return flags
}

/** A value as the flag reads its text; a path counts from the folder of the job file. */
function valueOf(name: OptionName, value: unknown, { folder, path }: JobSource): unknown {
  const { kind } = OPTIONS[name]
  if (isPath(kind, value)) return resolve(folder, value)
  if (typeof value !== 'string' && typeof value !== 'number') return value
  if (kind === 'texts') return [value]
  try {
    return readerOf(kind)?.(String(value), undefined) ?? value
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw new LlmBatchError('usage', `${path}: ${name}: ${error.message}`, { next: 'Correct it, and try again.' })
  }
}
