import type { Attributes, AttributeValue } from '@opentelemetry/api'
import { endpointName } from '../model/endpoint.ts'
import type { Happening, RunEvent, SettledBatch } from '../model/event.ts'
import { ATTRIBUTES, ERROR_TYPE, GEN_AI, TEXT_ATTRIBUTES } from './names.ts'

/** The run as it is told. Instants are epoch milliseconds. */
export interface SeenRun {
  readonly id: string
  readonly name: string | null
  readonly createdAt: number
  readonly rowCount: number
  readonly requestCount: number
  readonly provider: string
  /** Null where rows name their own models. */
  readonly model: string | null
  readonly inputPaths: readonly string[] | null
  readonly outputPath: string | null
}

/** Ways of telling that hold for all of a run. */
export interface Telling {
  /** Name of a provider in the conventions. */
  readonly providerName: (name: string) => string
  /** True where names, paths and messages are told too. */
  readonly tellsText: boolean
}

/** Names of operations in the conventions, by the short names of endpoints that stand for the same. */
const OPERATIONS: Readonly<Record<string, string>> = {
  responses: 'chat',
  fim: 'text_completion',
  '/v1/completions': 'text_completion',
}

/** Attributes by which spans and metrics of one model are found together. */
export function modelAttributes(
  { endpoint, model, provider }: Pick<SettledBatch, 'endpoint' | 'model' | 'provider'>,
  { providerName }: Telling,
): Attributes {
  const name = endpointName(endpoint)
  return {
    [GEN_AI.operation]: OPERATIONS[name] ?? name,
    [GEN_AI.provider]: providerName(provider),
    [GEN_AI.model]: model,
  }
}

/** Attributes of the run itself. */
export function runAttributes(run: SeenRun, { providerName, tellsText }: Telling): Attributes {
  return present({
    [ATTRIBUTES.run]: run.id,
    [ATTRIBUTES.rows]: run.rowCount,
    [ATTRIBUTES.requests]: run.requestCount,
    [GEN_AI.provider]: providerName(run.provider),
    [GEN_AI.model]: run.model,
    ...(tellsText
      ? {
          [TEXT_ATTRIBUTES.runName]: run.name,
          [TEXT_ATTRIBUTES.inputPaths]: run.inputPaths === null ? null : [...run.inputPaths],
          [TEXT_ATTRIBUTES.outputPath]: run.outputPath,
        }
      : {}),
  })
}

/** Attributes of an attempt that is over. */
export function settledAttributes(settled: SettledBatch, run: SeenRun, telling: Telling): Attributes {
  return present({
    [ATTRIBUTES.run]: run.id,
    ...modelAttributes(settled, telling),
    [ATTRIBUTES.batch]: settled.batch,
    [ATTRIBUTES.attempt]: settled.attempt,
    [ATTRIBUTES.batchKind]: settled.kind,
    [ATTRIBUTES.stage]: settled.stage,
    [ATTRIBUTES.remoteId]: settled.remoteId,
    [ATTRIBUTES.requests]: settled.requests,
    [GEN_AI.inputTokens]: settled.inputTokens,
    [GEN_AI.outputTokens]: settled.outputTokens,
    [ATTRIBUTES.cachedInputTokens]: settled.cachedInputTokens,
    [ATTRIBUTES.costUsd]: settled.costUsd,
    ...Object.fromEntries(
      Object.entries(settled.rows).map(([status, rows]) => [`${ATTRIBUTES.rowsOf}${status}`, rows]),
    ),
  })
}

/** Name and attributes of what happened during a drive; its words only where they are asked for. */
export function happeningAttributes(
  happening: Extract<Happening, { readonly type: 'batch' | 'incident' | 'run' | 'warning' }>,
  told: RunEvent,
  { tellsText }: Telling,
): Attributes {
  const text = tellsText ? textOf(told) : {}
  switch (happening.type) {
    case 'run':
      return present({ [ATTRIBUTES.runState]: happening.state, [ATTRIBUTES.reason]: happening.reason?.kind, ...text })
    case 'batch':
      return present({
        [ATTRIBUTES.batch]: happening.batch,
        [ATTRIBUTES.attempt]: happening.attempt,
        [ATTRIBUTES.stage]: happening.stage,
        [ATTRIBUTES.reason]: happening.reason?.kind,
        ...text,
      })
    case 'warning':
      return present({ [ATTRIBUTES.code]: happening.code, [ATTRIBUTES.batch]: happening.batch, ...text })
    case 'incident':
      return present({ [ATTRIBUTES.code]: happening.kind, ...text })
    default:
      return happening satisfies never
  }
}

/** Attributes of an error: its code, and its words only where they are asked for. */
export function errorAttributes(code: string, message: string, { tellsText }: Telling): Attributes {
  return { [ERROR_TYPE]: code, ...(tellsText ? { [TEXT_ATTRIBUTES.message]: message } : {}) }
}

function textOf(told: RunEvent): Attributes {
  if (told.type === 'warning' || told.type === 'incident') return { [TEXT_ATTRIBUTES.message]: told.message }
  const reason = told.type === 'run' || told.type === 'batch' ? told.reason : null
  return reason === null ? {} : { [TEXT_ATTRIBUTES.reason]: reason }
}

/** Those that are known. */
function present(attributes: Readonly<Record<string, AttributeValue | null | undefined>>): Attributes {
  const known: Attributes = {}
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) known[name] = value
  return known
}
