import { z } from 'zod'
import { outputPlan } from '../library/library-options.ts'
import type { AnswerDefinition } from '../model/answer.ts'
import { endpointPath } from '../model/endpoint.ts'
import { LlmBatchError } from '../model/error.ts'
import { EXAMPLE_MODELS } from '../model/named-providers.ts'
import type { NewRunOptions } from '../prepare/definition.ts'
import { schemaOfFields } from '../schema/fields.ts'
import { schemaName } from '../schema/schema-name.ts'
import { allowedPath, type PathRules } from './allowed-paths.ts'

/** An object of any members; said in words that clients which read schemas strictly take. */
const ANYTHING = z.record(z.string(), z.unknown()).meta({ additionalProperties: true })

/** Work that an agent describes: a subset of what `run` takes, without anything that reads a path besides the input. */
export const workSchema = z.strictObject({
  input: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(100)])
    .describe('File with rows (.jsonl, .json, .csv, .tsv, .parquet, .txt), or a list of files.'),
  model: z.string().optional().describe(`PROVIDER/MODEL, such as ${EXAMPLE_MODELS}.`),
  prompt: z.string().optional().describe('Prompt of each row; {{column}} stands for a column of the input.'),
  system: z.string().optional().describe('System prompt; may hold {{column}} too.'),
  constantPrompt: z.boolean().optional().describe('True where a prompt without {{column}} is meant.'),
  fields: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Fields of a JSON answer, such as "label: billing|support" or "score: integer".'),
  schema: ANYTHING.optional().describe('JSON Schema of the answers, instead of fields.'),
  reask: z.int().min(0).max(5).optional().describe('How often an answer that does not fit is asked for again.'),
  endpoint: z.string().optional().describe('chat (default), responses, embeddings, moderations, or a path.'),
  textColumn: z.string().optional().describe('Column that is sent as it is, such as for embeddings.'),
  maxTokens: z.int().positive().optional().describe('Most tokens of an answer. Makes the highest price certain.'),
  temperature: z.number().min(0).optional(),
  parameters: ANYTHING.optional().describe('Further parameters of the request body.'),
  idColumn: z.string().optional().describe('Column with an id of each row.'),
  skipInvalid: z.boolean().optional().describe('Leave out rows that cannot be sent, instead of refusing all.'),
  limit: z.int().positive().optional().describe('Only the first rows, as many as this.'),
  sample: z.int().positive().optional().describe('Only this many rows, drawn at random.'),
  seed: z.int().min(0).optional().describe('Random seed of sample (default: 1).'),
  output: z.string().min(1).optional().describe('New file for the answers (.jsonl, .json, .csv, .tsv, .parquet).'),
  name: z.string().min(1).optional().describe('Name of the run, unique in its home.'),
  maxCostUsd: z.number().positive().optional().describe('Most that the run may cost, in US dollars.'),
})

/** Work as an agent describes it; paths of work that was planned are absolute. */
export type Work = z.infer<typeof workSchema>

/** The same with paths that were checked and made absolute. */
export async function placedWork(work: Work, rules: PathRules): Promise<Work> {
  const inputs = [work.input].flat()
  const input = await Promise.all(inputs.map((path) => allowedPath(path, rules)))
  if (work.output === undefined) return { ...work, input }
  return { ...work, input, output: await allowedPath(work.output, rules) }
}

/** The options of a new run. */
export function optionsOf({ endpoint, fields, input, output, reask, schema, ...asked }: Work): NewRunOptions {
  return {
    ...asked,
    endpoint: endpoint === undefined ? undefined : endpointOf(endpoint),
    answer: answerOf({ fields, schema }),
    maxReasks: reask,
    input: { source: { paths: [input].flat() } },
    output: outputPlan(output),
  }
}

function endpointOf(text: string): NewRunOptions['endpoint'] {
  // A path is an endpoint that has no name.
  return (endpointPath(text) ?? text) as NewRunOptions['endpoint']
}

function answerOf({ fields, schema }: Pick<Work, 'fields' | 'schema'>): AnswerDefinition | undefined {
  if (fields !== undefined && schema !== undefined) {
    throw new LlmBatchError('usage', 'fields and schema cannot be used together', { next: 'Leave one out.' })
  }
  if (fields !== undefined) return { schema: schemaOfFields(fields), name: 'answer', isStrict: true }
  return schema === undefined ? undefined : { schema, name: schemaName(schema), isStrict: true }
}
