import { z } from 'zod'
import { DURATION_PATTERN } from '../lib/duration.ts'

const duration = z.string().regex(DURATION_PATTERN, 'expected a duration such as 200ms, 30s, 10m, 2h')
const count = z.int().positive()

const waits = z
  .strictObject({
    poll: duration.describe('First interval between two looks at a batch; grows by half each time. 15s'),
    pollMost: duration.describe('The longest interval between two looks. 20 times poll'),
    settle: duration.describe('Between two listings before absence counts; at least http. 10m'),
    unfenced: duration.describe('Between two listings where no fence can be set. 30m'),
    http: duration.describe('Idle time after which a call is given up, and the total time of a create. 60s'),
    direct: duration.describe('The total time of a synchronous call, within which the model may say nothing. 10m'),
    windUp: duration.describe('How long before its deadline a run is wound up; at most a quarter of its time. 15m'),
    absent: duration.describe('How long a batch seen before may be missing before it counts as lost. 6h'),
    queue: duration.describe(
      'First wait after a queue refused a batch although nothing of ours was in it; doubles. 1m',
    ),
    queueMost: duration.describe('The longest of these waits. 240 times queue'),
    retryAfterMost: duration.describe('The longest wait that a provider may ask for with Retry-After. 1h'),
    retryBackoff: duration.describe('First wait after a failed call; doubles up to 120 times itself. 5s'),
  })
  .partial()

const limits = z
  .strictObject({
    maxRequests: count.describe('Requests of one batch.'),
    maxBytes: count.describe('Bytes of one input file.'),
    maxInputs: count.describe('Inputs of all requests of one batch, where a request may hold several (embeddings).'),
    maxOutputBytes: count.describe('Bytes that the answers to one batch may be expected to have. 200000000'),
    maxResultBytes: count.describe(
      'Bytes of a result file that are taken in where its size is not told. Many times what is foreseen, 1 GiB at least',
    ),
    maxImageBytes: count.describe('Bytes of one image that is put into a request.'),
    maxImages: count.describe('Images of one request.'),
    maxOpenBatches: count.describe('Batches of one run that may be open at the provider at once. 20'),
    queueTokens: count.describe('Input tokens that may wait at the provider for one model.'),
    queueRequests: count.describe('Requests that may wait at the provider for one model.'),
  })
  .partial()

const canary = z
  .strictObject({
    aboveRequests: z.int().nonnegative().describe('Runs of more requests than this have a canary. 1000'),
    requests: z.int().min(1).max(10).describe('Requests asked directly for each set of parameters. 10'),
  })
  .partial()

const stopLoss = z
  .strictObject({
    share: z.number().positive().max(1).describe('Share of a batch that fails with one code; 1 turns it off. 0.5'),
    leastRows: count.describe('So many rows at least must have failed. 10'),
  })
  .partial()

const tier = count.max(5).describe('Usage tier of the account; what may wait follows from it for some models.')

const price = z.strictObject({
  inputUsdPerMillion: z.number().nonnegative().describe('US dollars for a million input tokens, standard price.'),
  cachedInputUsdPerMillion: z.number().nonnegative().optional().describe('The same for tokens found in a cache.'),
  outputUsdPerMillion: z
    .number()
    .nonnegative()
    .nullable()
    .describe('US dollars for a million output tokens, standard price; null for models that give none (embeddings).'),
  batchFactor: z.number().positive().max(1).optional().describe('Batch price as part of the standard price. 0.5'),
})

const dollars = z.number().positive()

const budget = z
  .strictObject({
    maxCostUsd: dollars.describe('The most that a run may cost, in US dollars. No cap'),
    perDayUsd: dollars.describe('The most that all runs of the home may cost on one day (UTC). No cap'),
    askAboveUsd: z.number().nonnegative().describe('Above this estimate a run must be agreed to. 1'),
  })
  .partial()

/** What `llm-batch.config.json` may hold. Unknown keys are refused, so that a typing mistake is not a silent default. */
export const fileSchema = z.strictObject({
  $schema: z.string().optional().describe('For editors; ignored.'),
  home: z.string().min(1).optional().describe('Folder for state and results, relative to this file.'),
  waits: waits.optional(),
  canary: z
    .union([z.literal(false), canary])
    .optional()
    .describe('Rows that are asked directly before anything is bought in batches; false for none.'),
  stopLoss: stopLoss.optional().describe('When rows that fail alike hold the rest of a run.'),
  tokenCount: z.boolean().optional().describe('False: estimate tokens by bytes alone. true'),
  limits: limits.optional(),
  providers: z
    .record(z.string(), z.strictObject({ limits: limits.optional(), tier: tier.optional() }))
    .optional()
    .describe('By provider name, such as openai.'),
  models: z
    .record(z.string().regex(/^[^/]+\/.+$/), z.strictObject({ limits: limits.optional() }))
    .optional()
    .describe('By provider/model, such as openai/gpt-6.1-terra.'),
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
