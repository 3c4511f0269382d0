import type { Option } from 'commander'
import { z } from 'zod'
import { dollarsFlag } from '../flags/budget-flag.ts'
import {
  columnsFlag,
  countFlag,
  countOrZeroFlag,
  megabytesFlag,
  numberFlag,
  parameterFlag,
  repeatedFlag,
} from '../flags/flag-values.ts'
import { INLINE_KEYS, type JobKey, jobKeys } from './job-keys.ts'
import { messagesSchema } from './messages-file.ts'

const TEXTS = z.union([z.string(), z.array(z.string()).min(1)])

/** What a job file holds where a flag reads its text in this way; all other flags hold text. */
export const BY_READER: ReadonlyMap<unknown, z.ZodType> = new Map<unknown, z.ZodType>([
  [countFlag, z.int().positive()],
  [countOrZeroFlag, z.int().nonnegative()],
  [numberFlag, z.number().nonnegative()],
  [megabytesFlag, z.number().positive()],
  [dollarsFlag, z.number().positive()],
  [parameterFlag, z.record(z.string(), z.unknown())],
  [repeatedFlag, TEXTS],
  [columnsFlag, TEXTS],
])

/** A job file as written: everything that a run needs, by the long names of the flags. Unknown keys are refused. */
export function jobSchema(keys: ReadonlyMap<string, JobKey>) {
  return z.strictObject({
    $schema: z.string().optional().describe('For editors; ignored.'),
    input: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe('The input file, or a list of files, relative to this file; or - for standard input.'),
    ...Object.fromEntries([...keys].map(([key, { option }]) => [key, schemaOf(option).optional()])),
    schema: z
      .union([z.string().min(1), z.record(z.string(), z.unknown())])
      .optional()
      .describe('What answers must look like: the path of a JSON Schema, or the schema itself.'),
    schemaName: z.string().optional().describe('How requests call a schema that stands here.'),
    messages: messagesSchema.optional().describe(`In place of ${INLINE_KEYS.messages}: the turns themselves.`),
  })
}

function schemaOf(option: Option): z.ZodType {
  return typeOf(option).describe(option.negate ? `false: ${option.description}` : option.description)
}

function typeOf(option: Option): z.ZodType {
  if (option.negate || option.isBoolean()) return z.boolean()
  return option.argChoices ? z.enum(option.argChoices) : (BY_READER.get(option.parseArg) ?? z.string())
}

/** The same schema for editors and other tools; published as `job-schema.json`. */
export function jobJsonSchema(): Record<string, unknown> {
  return { title: 'llm-batch job file', ...z.toJSONSchema(jobSchema(jobKeys()), { io: 'input' }) }
}
