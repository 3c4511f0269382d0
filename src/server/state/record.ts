import { z } from 'zod'

/** The APIs that the server speaks. Files and batches of one are invisible to the other. */
export const DIALECTS = ['openai', 'mistral', 'anthropic', 'gemini', 'openrouter', 'xai'] as const

export type DialectName = (typeof DIALECTS)[number]

/**
 * The life of a batch, in neutral words: `validating`, `running`, `finalizing`, then `completed`; `failed` where
 * validation refused it, `expired` where its window ended first, `cancelling` and `cancelled` after a cancel call.
 */
export const PHASES = [
  'validating',
  'running',
  'finalizing',
  'cancelling',
  'completed',
  'failed',
  'expired',
  'cancelled',
] as const

export type Phase = (typeof PHASES)[number]

const FINAL_PHASES: readonly Phase[] = ['completed', 'failed', 'expired', 'cancelled']

/** True when nothing more will happen to a batch in this phase. */
export function isFinal(phase: Phase): boolean {
  return FINAL_PHASES.includes(phase)
}

const ownership = {
  id: z.string(),
  /** Counts files and batches together, from 1; orders records that were made in the same millisecond. */
  sequence: z.number(),
  dialect: z.enum(DIALECTS),
  account: z.string(),
  createdAtMs: z.number(),
  /** Deleted records stay as tombstones, so that an id is never given to something else. */
  isDeleted: z.boolean(),
}

export const fileSchema = z.object({
  ...ownership,
  name: z.string(),
  purpose: z.string(),
  kind: z.enum(['request', 'result', 'error']),
  bytes: z.number(),
  lines: z.number(),
  expiresAtMs: z.number().nullable(),
  /** Hidden files hold what came inline; they appear in no listing. */
  isHidden: z.boolean(),
})

/** A stored file; its bytes lie beside its record. */
export type FileRecord = Readonly<z.infer<typeof fileSchema>>

const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  /** 1-based line of the input file. */
  line: z.number().nullable(),
  param: z.string().nullable(),
})

/** The reason why validation refused a batch. */
export type ValidationProblem = Readonly<z.infer<typeof problemSchema>>

export const batchSchema = z.object({
  ...ownership,
  endpoint: z.string(),
  /** Null for OpenAI until validation has read it from the lines. */
  model: z.string().nullable(),
  inputFileIds: z.array(z.string()),
  isInline: z.boolean(),
  metadata: z.record(z.string(), z.string()).nullable(),
  expiresAtMs: z.number(),
  /** Seconds that result files live, where the client chose it. */
  outputLifeSeconds: z.number().nullable(),
  phase: z.enum(PHASES),
  /** When each phase was entered, epoch milliseconds. */
  enteredAtMs: z.partialRecord(z.enum(PHASES), z.number()),
  total: z.number(),
  succeeded: z.number(),
  failed: z.number(),
  /** Estimated by validation; what counts against the queue limit. */
  queuedTokens: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  problems: z.array(problemSchema),
  /** Calls of a server of models for its rows, and those of them that were certainly not executed. @default there is none */
  upstream: z.object({ calls: z.number(), refused: z.number() }).optional(),
  /** True when its rows were executed, as far as they were, and its result files written. */
  isExecuted: z.boolean(),
  outputFileId: z.string().nullable(),
  errorFileId: z.string().nullable(),
  /** Invisible in listings and by id before this instant. */
  visibleAtMs: z.number(),
  /** True for a copy that a gateway made by repeating the client's call. */
  isGatewayCopy: z.boolean(),
  /** Faults of its execution, drawn when it was created, so that a restart does not change its fate. */
  faults: z.array(z.object({ name: z.string(), argument: z.string() })),
})

/** A batch in either dialect. */
export type BatchRecord = Readonly<z.infer<typeof batchSchema>>
