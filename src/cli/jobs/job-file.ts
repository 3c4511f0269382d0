import { dirname, resolve } from 'node:path'
import { type Command, InvalidArgumentError, type Option } from 'commander'
import { describeMistakes } from '../../config/mistakes.ts'
import { systemDisk } from '../../lib/disk.ts'
import { didYouMean } from '../../lib/near-match.ts'
import { LlmBatchError } from '../../model/error.ts'
import { parameterFlag, repeatedFlag } from '../flags/flag-values.ts'
import type { Shell } from '../shell.ts'
import { INLINE_KEYS, type JobKey, jobKeys, rivalsOf } from './job-keys.ts'
import { jobSchema } from './job-schema.ts'
import { parseYaml } from './yaml-text.ts'

type Fields = Readonly<Record<string, unknown>>

/** INPUT and flags as a job file and the command line give them together. */
export interface JobRequest {
  readonly inputPaths: readonly string[]
  readonly flags: Fields
}

/** A key that would hold what nobody should write into a file. */
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
  const keys = jobKeys()
  const { $schema: _, input, ...fields } = check(await parseYaml(text, path), path, keys)
  const folder = dirname(absolute)
  return {
    inputPaths: inputsOf(input, path, folder),
    flags: merge(command, withoutTypedRivals(command, fields, keys, path), { folder, keys, path }),
  }
}

function check(value: unknown, path: string, keys: ReadonlyMap<string, JobKey>): Fields {
  const result = jobSchema(keys).safeParse(value)
  if (result.success) return result.data
  const known = ['input', 'schemaName', ...Object.keys(INLINE_KEYS), ...keys.keys()]
  const mistakes = describeMistakes(result.error, 'the job', (key) => unknownKey(key, known))
  throw new LlmBatchError('usage', `${path}: ${mistakes.join('; ')}`, {
    next: 'Its keys are the long flags of llm-batch run --help, in camel case; see docs/job-files.md.',
  })
}

function unknownKey(key: string, known: readonly string[]): string {
  if (SECRET.test(key)) return `"${key}" is not a key of a job file; API keys are taken from the environment only`
  const camelCase = key.replace(/[-_]+([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const meant = known.includes(camelCase) ? ` (did you mean ${camelCase}?)` : didYouMean(camelCase, known)
  return `there is no key "${key}"${meant}`
}

function inputsOf(input: unknown, path: string, folder: string): readonly string[] {
  const inputs = typeof input === 'string' ? [input] : ((input as readonly string[] | undefined) ?? [])
  if (inputs.length === 0) {
    throw new LlmBatchError('usage', `${path} has no input`, { next: 'Add the line  input: FILE' })
  }
  return inputs.map((named) => (named === '-' ? named : resolve(folder, named)))
}

/** Leaves out what contradicts a flag that was typed; keys that contradict each other are a mistake. */
function withoutTypedRivals(command: Command, fields: Fields, keys: ReadonlyMap<string, JobKey>, path: string): Fields {
  const isTyped = (key: string): boolean => command.getOptionValueSource(key) === 'cli'
  const rivals = new Map([...keys].map(([key, jobKey]) => [key, rivalsOf(jobKey, keys)]))
  for (const [inline, flag] of Object.entries(INLINE_KEYS)) rivals.set(inline, [flag, ...(rivals.get(flag) ?? [])])
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => {
      const against = rivals.get(key) ?? []
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
  readonly keys: ReadonlyMap<string, JobKey>
}

function merge(command: Command, fields: Fields, { folder, keys, path }: JobSource): Fields {
  const own = new Map(command.options.map((option) => [option.attributeName(), option]))
  const flags: Record<string, unknown> = { ...command.opts<Record<string, unknown>>() }
  for (const [key, value] of Object.entries(fields)) {
    const option = own.get(key)
    if (key in INLINE_KEYS || isInlineSchema(key, value)) flags[key] = value
    else if (option?.parseArg === parameterFlag) flags[key] = { ...(value as object), ...(flags[key] as object) }
    else if (option && command.getOptionValueSource(key) !== 'cli') {
      const isPath = keys.get(key)?.isPath === true && value !== '-'
      flags[key] = isPath ? resolve(folder, String(value)) : valueOf(option, value, `${path}: ${key}`)
    }
  }
  return flags
}

/** A schema that stands in the file itself, and its name, which only that needs. */
function isInlineSchema(key: string, value: unknown): boolean {
  return key === 'schemaName' || (key === 'schema' && typeof value === 'object')
}

/** A value as the flag reads its text. */
function valueOf({ parseArg }: Option, value: unknown, place: string): unknown {
  if (typeof value === 'boolean' || Array.isArray(value) || parseArg === undefined) return value
  if (parseArg === repeatedFlag) return [value]
  try {
    return parseArg(String(value), undefined)
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw new LlmBatchError('usage', `${place}: ${error.message}`, { next: 'Correct it, and try again.' })
  }
}
