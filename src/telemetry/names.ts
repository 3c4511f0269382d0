/** Names that OpenTelemetry's conventions for generative AI have, as of their version 1.37; the package of them is large. */
export const GEN_AI = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  model: 'gen_ai.request.model',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  tokenType: 'gen_ai.token.type',
  /** A histogram of tokens. */
  tokenUsage: 'gen_ai.client.token.usage',
} as const

/** The convention's name for the code of an error. */
export const ERROR_TYPE = 'error.type'

/** Names of spans. */
export const SPANS = {
  run: 'llm_batch.run',
  plan: 'llm_batch.plan',
  takeUp: 'llm_batch.take_up',
  drive: 'llm_batch.drive',
  batch: 'llm_batch.batch',
  upload: 'llm_batch.upload',
  create: 'llm_batch.create',
  wait: 'llm_batch.wait',
  call: 'llm_batch.call',
  collect: 'llm_batch.collect',
  write: 'llm_batch.write',
} as const

/** Names of attributes, as far as the conventions have none. */
export const ATTRIBUTES = {
  run: 'llm_batch.run.id',
  runState: 'llm_batch.run.state',
  rows: 'llm_batch.run.rows',
  requests: 'llm_batch.requests',
  batch: 'llm_batch.batch.number',
  batchKind: 'llm_batch.batch.kind',
  attempt: 'llm_batch.batch.attempt',
  remoteId: 'llm_batch.batch.id',
  stage: 'llm_batch.batch.stage',
  outcome: 'llm_batch.outcome',
  /** Followed by an outcome: rows that have it. */
  rowsOf: 'llm_batch.rows.',
  cachedInputTokens: 'llm_batch.usage.cached_input_tokens',
  costUsd: 'llm_batch.cost_usd',
  reason: 'llm_batch.reason.code',
  code: 'llm_batch.code',
} as const

/** Names of attributes that hold what users or providers wrote; only where the user asked for them. */
export const TEXT_ATTRIBUTES = {
  runName: 'llm_batch.run.name',
  inputPaths: 'llm_batch.run.input_paths',
  outputPath: 'llm_batch.run.output_path',
  reason: 'llm_batch.reason',
  message: 'llm_batch.message',
} as const

/** Names of metrics, as far as the conventions have none. */
export const METRICS = {
  rows: 'llm_batch.rows',
  cost: 'llm_batch.cost',
  polls: 'llm_batch.polls',
  batches: 'llm_batch.batches',
  waiting: 'llm_batch.batch.wait',
  runs: 'llm_batch.runs',
  warnings: 'llm_batch.warnings',
  incidents: 'llm_batch.incidents',
  queuedTokens: 'llm_batch.queue.tokens',
  queuedRequests: 'llm_batch.queue.requests',
} as const
