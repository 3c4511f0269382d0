import { bearer, createApi } from '../api.ts'
import { noteInList } from '../models/model-note.ts'
import { cursorPage } from '../openai-shape/cursor-page.ts'
import { callDirectly } from '../openai-shape/direct-call.ts'
import { sharedVerbs } from '../openai-shape/shared-verbs.ts'
import type { NewBatch, Provider, ProviderOptions } from '../provider.ts'
import type { Environment } from '../provider-entry.ts'
import { secretsOf } from '../secrets.ts'
import { openAIBatchSchema } from './batch.ts'
import { openAILimits } from './limits.ts'

/** Options of OpenAI's adapter besides the common options. */
export interface OpenAIOptions extends ProviderOptions {
  /** Sent as `OpenAI-Organization`; chooses which batches exist. */
  readonly organization?: string | undefined
  /** Sent as `OpenAI-Project`; chooses which batches exist. */
  readonly project?: string | undefined
}

/** OpenAI's batch API, and any server that speaks it under another base URL. Facts: docs/providers/openai.md. */
export function createOpenAIProvider(options: OpenAIOptions): Provider {
  const api = createApi(options, { ...bearer(options), ...scopeHeaders(options) })
  const place = { root: '/batches', schema: openAIBatchSchema(secretsOf(options)) }
  return {
    name: 'openai',
    ...sharedVerbs({
      api,
      options,
      place,
      creation,
      fetchPage: cursorPage,
      batchQuery: () => ({ limit: '100' }),
      fileQuery: { purpose: 'batch', limit: '1000' },
      greetQuery: { limit: '1' },
    }),
    limits: (target) => openAILimits(target, options.maxLineBytes),
    encode: ({ body, target, wireId }) =>
      `{"custom_id":${JSON.stringify(wireId)},"method":"POST","url":${JSON.stringify(target.endpoint)},"body":${body}}`,
    // Frozen lines are lines of this API.
    encodeInput: async (input) => input,
    // By its page of deprecations, as an optional member whose form was not seen.
    describeModel: ({ model }, signal) => noteInList(api, { model, endsIn: 'shutdown_date' }, signal),
    direct: (request, signal) => callDirectly(api, request, options, signal),
  }
}

/** The same, scoped as OpenAI's own SDK lets the environment do it. */
export function createScopedOpenAI(options: ProviderOptions, environment: Environment): Provider {
  return createOpenAIProvider({
    ...options,
    organization: environment['OPENAI_ORG_ID'] || undefined,
    project: environment['OPENAI_PROJECT_ID'] || undefined,
  })
}

function scopeHeaders({ organization, project }: OpenAIOptions): Record<string, string> {
  return {
    ...(organization === undefined ? {} : { 'openai-organization': organization }),
    ...(project === undefined ? {} : { 'openai-project': project }),
  }
}

function creation(batch: NewBatch, inputFileId: string): unknown {
  return {
    input_file_id: inputFileId,
    endpoint: batch.target.endpoint,
    // The only window that the API offers.
    completion_window: '24h',
    metadata: batch.metadata,
  }
}
