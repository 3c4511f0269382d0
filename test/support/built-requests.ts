import type { Row } from '../../src/model/row.ts'
import type { Limits } from '../../src/providers/provider.ts'
import type { BuildResult, BuiltRequest } from '../../src/request/build-result.ts'
import { createRequestBuilder, type RequestOptions } from '../../src/request/builder.ts'
import { sampleDefinition } from './run-records.ts'

/** What a run's definition tells a request builder. */
export type Definition = RequestOptions['definition']

/** The endpoint of prompts and chat rows. */
export const CHAT = '/v1/chat/completions'

/** Records with a prompt, and nothing else set. */
export const DEFINITION: Definition = sampleDefinition({ prompt: 'Sum up: {{text}}' })

/** Rows that carry messages. */
export const CHAT_ROWS: Definition = { ...DEFINITION, shape: 'chat', prompt: null }

/** Provider-ready lines that name their own models. */
export const PROVIDER_ROWS: Definition = { ...DEFINITION, shape: 'provider', prompt: null, model: null }

/** Limits wide enough never to matter, of a provider that names the model on the line. */
export const LIMITS: Limits = {
  maxRequests: 50_000,
  minRequests: 1,
  maxBytes: 100_000_000,
  maxLineBytes: 100_000_000,
  maxImageBytes: 20_000_000,
  maxImages: 500,
  queueTokens: null,
  queueRequests: null,
  maxInputs: null,
  maxInputsPerRequest: null,
  maxOutputBytes: null,
  vectorLength: null,
  queueRequestsPer: 'model',
  absentRowIsUnbilled: [],
  retentionDays: 30,
  modelOn: 'line',
  isEndpointKnown: true,
  endpoints: [CHAT],
  canCallDirectly: true,
  maxTokensField: 'max_completion_tokens',
  schemaDialect: 'subset',
  mostTemperature: 2,
  windowHours: { default: 24, most: 24, canChoose: false },
}

/** A row of this JSON text, on line 3. */
export function rowOf(json: string): Row {
  return { line: 3, json, record: JSON.parse(json) as Record<string, unknown> }
}

/** A builder for one definition, with some of the limits changed. */
export function builderFor(
  definition: Definition,
  limits: Partial<Limits> = {},
): ReturnType<typeof createRequestBuilder> {
  return createRequestBuilder({ definition, limitsOf: () => ({ ...LIMITS, ...limits }) })
}

/** What becomes of one row. */
export async function build(definition: Definition, json: string, limits: Partial<Limits> = {}): Promise<BuildResult> {
  return await builderFor(definition, limits)(rowOf(json))
}

/** The request of a row that can be sent. */
export async function built(definition: Definition, json: string, limits: Partial<Limits> = {}): Promise<BuiltRequest> {
  const result = await build(definition, json, limits)
  if ('request' in result) return result.request
  throw new Error(`unexpected problems: ${JSON.stringify(result.problems)}`)
}

/** What is wrong with a row that cannot be sent. */
export async function failed(
  definition: Definition,
  json: string,
  limits: Partial<Limits> = {},
): Promise<Extract<BuildResult, { problems: unknown }>> {
  const result = await build(definition, json, limits)
  if ('problems' in result) return result
  throw new Error(`unexpected request: ${result.request.body}`)
}

/** The codes of what is wrong with a row. */
export async function codes(definition: Definition, json: string, limits: Partial<Limits> = {}): Promise<string[]> {
  return (await failed(definition, json, limits)).problems.map(({ code }) => code)
}
