import type { ZodError } from 'zod'
import type { Disk } from '../lib/disk.ts'
import { nearMatches } from '../lib/near-match.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import type { FileConfiguration } from './file-schema.ts'

/** Reads and checks a configuration file; undefined where it does not exist. */
export async function readConfigurationFile(disk: Disk, path: string): Promise<FileConfiguration | undefined> {
  const text = await disk.readText(path)
  if (text === undefined) return undefined
  // Most people have no configuration file, and loading zod takes longer than all else `--help` does.
  const { configurationJsonSchema, fileSchema } = await import('./file-schema.ts')
  const result = fileSchema.safeParse(parse(text, path))
  if (result.success) return result.data
  const mistakes = describeMistakes(result.error, configurationJsonSchema())
  throw new LlmBatchError('configuration', `${path}: ${mistakes.join('; ')}.`, {
    next: 'Correct the file; docs/configuration.md lists every key.',
  })
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new LlmBatchError('configuration', `${path} is not valid JSON: ${messageOf(error)}.`, { cause: error })
  }
}

function describeMistakes(error: ZodError, schema: unknown): readonly string[] {
  return error.issues.flatMap((issue) => {
    const place = issue.path.map(String)
    if (issue.code !== 'unrecognized_keys') return [`${place.join('.') || 'the file'}: ${issue.message}`]
    const known = knownKeys(schema, place)
    return issue.keys.map((key) => `unknown key ${[...place, key].join('.')}${suggestion(key, known)}`)
  })
}

function suggestion(key: string, known: readonly string[]): string {
  const near = nearMatches(key, known)
  return near.length > 0 ? ` (did you mean ${near.join(' or ')}?)` : ` (known here: ${known.join(', ')})`
}

/** The keys that the schema knows at a place in the file. */
function knownKeys(schema: unknown, place: readonly string[]): readonly string[] {
  let here = schema
  for (const key of place) here = member(member(here, 'properties'), key) ?? member(here, 'additionalProperties')
  return Object.keys(member(here, 'properties') ?? {}).filter((key) => key !== '$schema')
}

function member(value: unknown, key: string): object | undefined {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  return typeof found === 'object' && found !== null ? found : undefined
}
