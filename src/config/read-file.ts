import type { Disk } from '../lib/disk.ts'
import { didYouMean } from '../lib/near-match.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import type { FileConfiguration } from './file-schema.ts'
import { describeMistakes } from './mistakes.ts'

/** Reads and checks a configuration file; undefined where it does not exist. */
export async function readConfigurationFile(disk: Disk, path: string): Promise<FileConfiguration | undefined> {
  const text = await disk.readText(path)
  if (text === undefined) return undefined
  // Most people have no configuration file, and loading zod takes longer than all else that help does.
  const { configurationJsonSchema, fileSchema } = await import('./file-schema.ts')
  const result = fileSchema.safeParse(parse(text, path))
  if (result.success) return result.data
  const schema = configurationJsonSchema()
  const mistakes = describeMistakes(result.error, 'the file', (key, place) => unknownKey(key, place, schema))
  throw new LlmBatchError('configuration', `${path}: ${mistakes.join('; ')}.`, {
    next: 'Correct the file; docs/configuration.md lists every key.',
  })
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new LlmBatchError('configuration', `${path} is not valid JSON: ${messageOf(error)}`, { cause: error })
  }
}

function unknownKey(key: string, place: readonly string[], schema: unknown): string {
  const known = knownKeys(schema, place)
  return `unknown key ${[...place, key].join('.')}${didYouMean(key, known) || ` (known here: ${known.join(', ')})`}`
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
