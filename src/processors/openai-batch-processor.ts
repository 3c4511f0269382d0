import type { OpenAI } from 'openai'
import { createScopedOpenAI } from '../providers/openai/adapter.ts'
import { BatchProcessor } from './batch-processor.ts'
import { loadPackage } from './official-client.ts'
import type { ClientAccess } from './processor-context.ts'
import type { ProcessorOptions } from './processor-options.ts'

/** The step-by-step workflow at OpenAI; the key comes from `OPENAI_API_KEY`. Guide: docs/step-by-step.md. */
export class OpenAIBatchProcessor extends BatchProcessor<OpenAI> {
  /** Throws `LlmBatchError` where `OPENAI_API_KEY` is not set. */
  constructor(options: ProcessorOptions) {
    super('openai', options, createScopedOpenAI, loadClient)
  }
}

function loadClient({ apiKey, baseUrl, environment }: ClientAccess): OpenAI {
  const sdk = loadPackage('openai') as typeof import('openai')
  return new sdk.OpenAI({
    apiKey,
    baseURL: baseUrl,
    organization: environment['OPENAI_ORG_ID'] || null,
    project: environment['OPENAI_PROJECT_ID'] || null,
    // By default it sends a create up to three times, and each may be a job of its own.
    maxRetries: 0,
    fetchOptions: { redirect: 'error' },
  })
}
