import { z } from 'zod'
import { DURATION_PATTERN } from '../lib/duration.ts'
import { DEFAULT_PROVIDER, EXAMPLE_MODEL } from '../model/named-providers.ts'
import { hostSchema } from './host-schema.ts'

const duration = z.string().regex(DURATION_PATTERN, 'expected a duration such as 200ms, 30s, 10m, 2h')
const count = z.int().positive()

const waits = z
  .strictObject({
    poll: duration.describe('First interval between two looks at a batch; grows by half each time. Default: 15s'),
    pollMost: duration.describe('Longest interval between two looks. Default: 20 times poll'),
    settle: duration.describe(
      'Time between two listings before a batch that is in neither counts as absent; at least http. Default: 10m',
    ),
    unfenced: duration.describe('The same where the input file of the batch could not be deleted. Default: 30m'),
    http: duration.describe('Idle time after which a call is given up, and the total time of a create. Default: 60s'),
    direct: duration.describe('Total time of a synchronous call; the model may be silent until then. Default: 10m'),
    windUp: duration.describe(
      'How long before its deadline a run cancels unfinished work; at most a quarter of its time; twice both with a tail. Default: 15m',
    ),
    absent: duration.describe('How long a batch seen before may be missing before it counts as lost. Default: 6h'),
    queue: duration.describe(
      'First wait after a queue refused a batch although no batch of this home was in it; doubles. Default: 1m',
    ),
    queueMost: duration.describe('Longest of these waits. Default: 240 times queue'),
    retryAfterMost: duration.describe('Longest wait that a provider may ask for with Retry-After. Default: 1h'),
    retryBackoff: duration.describe('First wait after a failed call; doubles up to 120 times itself. Default: 5s'),
  })
  .partial()

const limits = z
  .strictObject({
    maxRequests: count.describe('Maximum requests per batch. Default: what the provider allows'),
    maxBytes: count.describe('Maximum bytes per input file. Default: what the provider allows, at most 100000000'),
    maxInputs: count.describe(
      'Maximum inputs of all requests of one batch, where a request may hold several (embeddings). Default: what the provider allows',
    ),
    maxOutputBytes: count.describe(
      'Maximum bytes that the answers to one batch are expected to have. Default: 200000000',
    ),
    maxResultBytes: count.describe(
      'Maximum bytes of a result file whose size the provider does not state. Default: many times the expected size, at least 1 GiB',
    ),
    maxImageBytes: count.describe(
      'Maximum bytes per image that is put into a request. Default: what the provider allows',
    ),
    maxImages: count.describe('Maximum images per request. Default: what the provider allows'),
    maxOpenBatches: count.describe('Maximum batches of one run at the provider at once. Default: 20'),
    queueTokens: count.describe(
      'Maximum input tokens that wait at the provider for one model. Default: what the provider allows',
    ),
    queueRequests: count.describe(
      'Maximum requests that wait at the provider for one model. Default: what the provider allows',
    ),
  })
  .partial()

/** The limits of one provider or model. */
function particular(what: string) {
  return limits.optional().describe(`The limits for one ${what}, which win over the more general ones.`)
}

const canary = z
  .strictObject({
    aboveRequests: z.int().nonnegative().describe('Runs of more requests than this have a canary. Default: 1000'),
    requests: z.int().min(1).max(10).describe('Requests asked directly for each set of parameters. Default: 10'),
  })
  .partial()

const prepareThread = z
  .strictObject({
    aboveBytes: z
      .int()
      .nonnegative()
      .describe('Inputs whose files have more bytes than this are prepared in a thread. Default: 64000000'),
  })
  .partial()

const telemetry = z
  .strictObject({
    userText: z.boolean().describe('True: names of runs, paths of files and messages are told too. Default: false'),
  })
  .partial()

const stopLoss = z
  .strictObject({
    share: z
      .number()
      .positive()
      .max(1)
      .describe('Share of a batch that must have failed with one code; 1 turns it off. Default: 0.5'),
    leastRows: count.describe('Minimum number of rows that must have failed. Default: 10'),
  })
  .partial()

const tier = count
  .max(5)
  .describe('Usage tier of the account; for some models it decides how much may wait. Default: none')

const tokenCommand = z
  .array(z.string().min(1))
  .min(1)
  .describe(
    'Command, as a list of words, that prints a token instead of a key, where the provider supports such tokens.',
  )

const price = z.strictObject({
  inputUsdPerMillion: z.number().nonnegative().describe('US dollars for a million input tokens, standard price.'),
  cachedInputUsdPerMillion: z
    .number()
    .nonnegative()
    .optional()
    .describe('US dollars for a million input tokens that the provider reads from its cache.'),
  outputUsdPerMillion: z
    .number()
    .nonnegative()
    .nullable()
    .describe('US dollars for a million output tokens, standard price; null for models without output (embeddings).'),
  batchFactor: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('Batch price as part of the standard price. Default: 0.5'),
})

const dollars = z.number().positive()

const budget = z
  .strictObject({
    maxCostUsd: dollars.describe('Maximum cost of a run, in US dollars. Default: no cap'),
    perDayUsd: dollars.describe(
      'Maximum cost of all runs of the home on one day (UTC), in US dollars. Default: no cap',
    ),
    askAboveUsd: z
      .number()
      .nonnegative()
      .describe('Estimated cost, in US dollars, above which a run asks for consent. Default: 1'),
  })
  .partial()

/** What `llm-batch.config.json` may hold. Unknown keys are refused, so that a typing mistake is not a silent default. */
export const fileSchema = z.strictObject({
  $schema: z.string().optional().describe('For editors; ignored.'),
  home: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder for state and results, relative to this file, or the postgres:// address of a database. Default: see above',
    ),
  files: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Where the files of a home in a database lie: a folder that all machines share, or s3://BUCKET. Default: where init was told',
    ),
  waits: waits.optional(),
  canary: z
    .union([z.literal(false), canary])
    .optional()
    .describe('Rows that are asked directly before anything is bought in batches; false for none. Default: on'),
  stopLoss: stopLoss.optional().describe('When rows that fail for the same reason hold the rest of a run.'),
  prepareThread: z
    .union([z.literal(false), prepareThread])
    .optional()
    .describe(
      'Thread that reads a large input and makes its requests while they are frozen; false for none. Default: on, with two cores or more',
    ),
  telemetry: z
    .union([z.literal(false), telemetry])
    .optional()
    .describe('What OpenTelemetry is told, where it is set up; false for nothing. Default: on'),
  tokenCount: z.boolean().optional().describe('False: estimate tokens by bytes alone. Default: true'),
  limits: limits.optional(),
  providers: z
    .record(
      z.string(),
      z.strictObject({ limits: particular('provider'), tier: tier.optional(), tokenCommand: tokenCommand.optional() }),
    )
    .optional()
    .describe(`By provider name, such as ${DEFAULT_PROVIDER}.`),
  hosts: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/), hostSchema)
    .optional()
    .describe('Hosts of your own that speak the usual batch API, by the name that stands before the slash of a model.'),
  models: z
    .record(z.string().regex(/^[^/]+\/.+$/), z.strictObject({ limits: particular('model') }))
    .optional()
    .describe(`By provider/model, such as ${EXAMPLE_MODEL}.`),
  prices: z
    .record(z.string().regex(/^[^/]+\/.+$/), price)
    .optional()
    .describe('By provider/model.'),
  budget: budget.optional(),
})

/** The configuration file as written, checked. */
export type FileConfiguration = z.output<typeof fileSchema>

/** The same schema for editors and other tools; published as `config-schema.json`. */
export function configurationJsonSchema(): Record<string, unknown> {
  return { title: 'llm-batch.config.json', ...z.toJSONSchema(fileSchema, { io: 'input' }) }
}
