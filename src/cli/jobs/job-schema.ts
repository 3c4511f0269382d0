import { z } from 'zod'
import type { OptionKind } from '../../model/options/declaration.ts'
import { OPTIONS, type OptionName } from '../../model/options/options.ts'
import { helpOf } from '../flags/option-flags.ts'
import { JOB_KEYS } from './job-keys.ts'
import { messagesSchema } from './messages-file.ts'

const TEXTS = z.union([z.string(), z.array(z.string()).min(1)])

/** What a job file holds for an option of a kind. */
const BY_KIND: Readonly<Record<Exclude<OptionKind, 'choice'>, z.ZodType>> = {
  text: z.string(),
  path: z.string(),
  place: z.string(),
  texts: TEXTS,
  columns: TEXTS,
  flag: z.boolean(),
  off: z.boolean(),
  onOff: z.boolean(),
  count: z.int().positive(),
  countOrZero: z.int().nonnegative(),
  number: z.number().nonnegative(),
  megabytes: z.number().positive(),
  dollars: z.number().positive(),
  duration: z.string(),
  deadline: z.string(),
  endpoint: z.string(),
  delimiter: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  statuses: TEXTS,
  schema: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
  messages: messagesSchema,
}

/** A job file as written: everything that a run needs, by the names of the options. Unknown keys are refused. */
export const jobSchema = z.strictObject({
  $schema: z.string().optional().describe('For editors; ignored.'),
  input: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe('The input file, or a list of files, relative to this file; or - for standard input.'),
  ...Object.fromEntries(JOB_KEYS.map((name) => [name, schemaOf(name).optional()])),
})

function schemaOf(name: OptionName): z.ZodType {
  const { choices, kind } = OPTIONS[name]
  const schema = kind === 'choice' ? z.enum(choices ?? []) : BY_KIND[kind]
  const help = helpOf(name, 'run')
  return schema.describe(kind === 'off' ? `false: ${help}` : help)
}

/** The same schema for editors and other tools; published as `job-schema.json`. */
export function jobJsonSchema(): Record<string, unknown> {
  return { title: 'llm-batch job file', ...z.toJSONSchema(jobSchema, { io: 'input' }) }
}
